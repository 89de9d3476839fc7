require "./spec_helper"

describe Stele::Model do
  it "says what it takes and gives" do
    Stele::Model.open(digits) do |model|
      model.signatures.keys.should eq ["serve", "serving_default"]
      input = model.signatures["serving_default"].inputs.first
      {input.dtype, input.shape, input.optional?}.should eq({Stele::DType::FP32, [nil, 8, 8, 1], false})
    end
  end

  it "answers the same whatever the profile" do
    answers = ["default", "inline", "single"].map do |profile|
      Stele::Model.open(digits, profile: profile, &.run({"image" => blank}))["probabilities"].values(Float32)
    end
    answers.uniq.size.should eq 1
    Stele.tensorflow_version.should match /^2\./
  end

  it "refuses what it cannot load" do
    refused(Stele::Code::NOT_FOUND) { Stele::Model.new("no/such") }
      .should eq %(no SavedModel at "no/such": no such folder)
    refused(Stele::Code::NOT_FOUND) { Stele::Model.new(digits, tags: ["other"]) }.should contain "other"
    refused(Stele::Code::INVALID_ARGUMENT) { Stele::Model.new(digits, profile: "fast") }.should contain "inline"
    refused(Stele::Code::INVALID_ARGUMENT) { Stele::Model.new(digits, config: Bytes[0xff]) }
    refused(Stele::Code::INVALID_ARGUMENT) { Stele::Model.new("a\0b") }
      .should eq %(a name or path holds a NUL: "a\\0b")
  end

  it "refuses inputs that do not fit" do
    Stele::Model.open(digits) do |model|
      code = Stele::Code::INVALID_ARGUMENT
      flat = Stele::Tensor.new([64], Array.new(64, 0_f32))
      double = Stele::Tensor.new([1, 8, 8, 1], Array.new(64, 0.0))
      refused(code) { model.run({} of String => Stele::Tensor) }.should contain "missing"
      refused(code) { model.run({"image" => flat}) }.should contain "has shape [64], expected [?,8,8,1]"
      refused(code) { model.run({"image" => double}) }.should contain "has dtype FP64, expected FP32"
      refused(code) { model.run([{"image", blank}, {"image", blank}]) }.should contain "twice"
      refused(code) { model.run({"i\0" => blank}) }.should eq %(a name or path holds a NUL: "i\\0")
      refused(code) { model.run({String.new(Bytes[0xff]) => blank}) }.should contain "not UTF-8"
      refused(Stele::Code::NOT_FOUND) { model.run({"image" => blank}, "none") }.should contain "serving_default"
    end
  end

  it "refuses calls when it is closed, and may be closed twice" do
    model = Stele::Model.new(digits)
    outputs = model.run({"image" => blank})
    2.times { model.close }
    model.closed?.should be_true
    refused(Stele::Code::FAILED_PRECONDITION) { model.run({"image" => blank}) }.should eq "the model is closed"
    outputs["probabilities"].values(Float32).sum.should be_close 1, 1e-5
  end

  it "may be closed while fibers run it" do
    model = Stele::Model.new(digits)
    answers = Channel(Bool).new
    8.times do
      spawn do
        answers.send model.run({"image" => blank}).has_key?("probabilities")
      rescue error : Stele::Error
        answers.send error.code.failed_precondition?
      end
    end
    Fiber.yield
    model.close
    8.times { answers.receive.should be_true }
  end

  it "is collected, with calls going on" do
    10.times do
      Stele::Model.new(digits).run({"image" => blank})
      GC.collect
    end
  end

  it "answers fibers" do
    Stele::Model.open(digits) do |model|
      answers = Channel(Slice(Float32)).new
      8.times { spawn { answers.send model.run({"image" => blank})["probabilities"].values(Float32) } }
      Array.new(8) { answers.receive }.uniq.size.should eq 1
    end
  end
end

describe Stele::Tensor do
  it "owns its elements" do
    values = [1, 2, 3, 4, 5, 6]
    tensor = Stele::Tensor.new({2, 3}, values)
    values[0] = 9
    {tensor.to_s, tensor.values(Int32).to_a}.should eq({"INT32 [2,3]", [1, 2, 3, 4, 5, 6]})
    Stele::Tensor.new([] of Int32, [true]).shape.should be_empty
    Stele::Tensor.new([0, 2], [] of Float64).values(Float64).should be_empty
    Stele::Tensor.new([2], ["ñ", ""]).values(Bytes).to_a.should eq ["ñ".to_slice, Bytes.empty]
  end

  it "refuses what does not add up" do
    code = Stele::Code::INVALID_ARGUMENT
    refused(code) { Stele::Tensor.new([2, 2], [1, 2, 3]) }.should eq "shape [2,2] has 4 elements, 3 given"
    refused(code) { Stele::Tensor.new([-1], [1]) }
    refused(code) { Stele::Tensor.new([Int64::MAX, 4], [1]) }
    refused(code) { Stele::Tensor.new([UInt64::MAX], [1]) }
    refused(code) { Stele::Tensor.new([1], [1]).values(UInt32) }.should eq "tensor has dtype INT32, read as UINT32"
  end
end
