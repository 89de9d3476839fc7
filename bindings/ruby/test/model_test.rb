# frozen_string_literal: true

require "helper"
require "pathname"

# Loading, running, refusing.
class ModelTest < Minitest::Test
  include Helper

  def test_says_what_it_takes_and_gives
    Stele::Model.open(Pathname(DIGITS)) do |model|
      assert_equal %w[serve serving_default], model.signatures.keys
      input = model.signatures["serving_default"].inputs.first
      assert_equal [:FP32, [nil, 8, 8, 1], false], [input.dtype, input.shape, input.optional?]
      assert model.signatures.frozen?
    end
    assert_match(/\A2\./, Stele.tensorflow_version)
  end

  def test_refuses_what_it_cannot_load
    assert_equal %(no SavedModel at "no/such": no such folder), refused(:NOT_FOUND) { Stele::Model.new("no/such") }
    assert_includes refused(:NOT_FOUND) { Stele::Model.new(DIGITS, tags: ["other"]) }, "other"
    assert_includes refused { Stele::Model.new(DIGITS, profile: "fast") }, "inline"
    refused { Stele::Model.new(DIGITS, config: "\xff") }
    refused { Stele::Model.new(DIGITS, config: "", profile: "inline") }
  end

  def test_refuses_a_nul
    expected = %(a name or path holds a NUL: "image\\0y")
    Stele::Model.open(DIGITS) do |model|
      assert_equal expected, refused { model.run("image\0y" => blank) }
      assert_equal expected, refused { model.run({ "image" => blank }, "image\0y") }
    end
    [{ tags: ["image\0y"] }, { profile: "image\0y" }, { libtensorflow: "image\0y" }].each do |options|
      assert_equal expected, refused { Stele::Model.new(DIGITS, **options) }
    end
    assert_equal expected, refused { Stele::Model.new("image\0y") }
  end

  def test_refuses_inputs_that_do_not_fit
    Stele::Model.open(DIGITS) do |model|
      flat = Stele::Tensor.new(:FP32, [64], Array.new(64, 0))
      double = Stele::Tensor.new(:FP64, [1, 8, 8, 1], Array.new(64, 0))
      assert_includes refused { model.run({}) }, "missing"
      assert_includes refused { model.run("image" => flat) }, "has shape [64], expected [?,8,8,1]"
      assert_includes refused { model.run("image" => double) }, "has dtype FP64, expected FP32"
      assert_includes refused { model.run([["image", blank], [:image, blank]]) }, "twice"
      assert_equal %(input "image" is a Array, not a Stele::Tensor), refused { model.run("image" => [0]) }
      assert_includes refused { model.run("\xff" => blank) }, "not UTF-8"
      assert_includes refused(:NOT_FOUND) { model.run({ image: blank }, "none") }, "serving_default"
    end
  end

  def test_names_are_utf8_whatever_their_encoding
    Stele::Model.open(DIGITS) do |model|
      assert_equal 10, model.run("image".encode("UTF-16LE") => blank)["probabilities"].values.size
      assert_includes refused { model.run("ñ".encode("ISO-8859-1") => blank) }, %(no input "ñ")
      assert_includes refused { model.run("ñ".b => blank) }, %(no input "ñ")
    end
  end
end

# Ownership: closing, collecting, threads and processes.
class LifetimeTest < Minitest::Test
  include Helper

  def test_refuses_calls_when_it_is_closed
    model = Stele::Model.open(DIGITS)
    outputs = model.run("image" => blank)
    2.times { model.close }
    assert model.closed?
    assert_equal "the model is closed", refused(:FAILED_PRECONDITION) { model.run("image" => blank) }
    assert_in_delta 1, outputs["probabilities"].values.sum, 1e-5
    assert_equal 2, model.signatures.size
  end

  def test_a_block_closes_whatever_happens
    model = nil
    assert_raises(ZeroDivisionError) { Stele::Model.open(DIGITS) { |opened| (model = opened) && (1 / 0) } }
    assert model.closed?
  end

  def test_may_be_closed_while_threads_run_it
    5.times do
      model = Stele::Model.new(DIGITS)
      started = Queue.new
      threads = Array.new(4) do
        Thread.new do
          refused(:FAILED_PRECONDITION) { loop { started << model.run("image" => blank(32)) } }
        end
      end
      4.times { started.pop }
      model.close
      assert_equal ["the model is closed"], threads.map(&:value).uniq
    end
  end

  def test_threads_have_the_same_bits
    Stele::Model.open(DIGITS) do |model|
      pixels = Array.new(640) { |index| index % 17 }
      threads = Array.new(8) do
        Thread.new do
          image = Stele::Tensor.new(:FP32, [10, 8, 8, 1], pixels)
          Array.new(20) { model.run("image" => image)["probabilities"].bytes }
        end
      end
      assert_equal 1, threads.flat_map(&:value).uniq.size
    end
  end

  # Short strings lie in objects, which the collector moves.
  def test_is_collected_and_compacted_under_load
    GC.auto_compact = true
    Stele::Model.open("#{BUILD}/models/dtypes/saved_model") do |model|
      collector = Thread.new { 20.times { GC.start } }
      runs = 0
      while collector.alive? || runs < 50
        texts = Array.new(6) { |index| "#{runs}/#{index}" }
        same = model.run({ "x" => Stele::Tensor.new(:BYTES, [2, 3], texts) }, "bytes")["same"]
        assert_equal texts, same.values
        runs += 1
      end
    end
    10.times { Stele::Model.new(DIGITS).run("image" => blank) && GC.start }
  ensure
    GC.auto_compact = false
  end

  def test_a_fork_refuses
    Stele::Model.open(DIGITS) do |model|
      child = fork do
        model.run("image" => blank)
        exit!(1)
      rescue Stele::Error => e
        exit!(e.code == :FAILED_PRECONDITION ? 0 : 2)
      end
      assert_predicate Process.wait2(child).last, :success?
      assert_equal 10, model.run("image" => blank)["probabilities"].values.size
    end
  end
end
