# Which digit is this? Load, introspect, run, print.
#   crystal run examples/digits.cr -- path/to/saved_model
require "../src/stele"

IMAGE = [
  0, 0, 5, 13, 12, 3, 0, 0,
  0, 2, 15, 11, 12, 14, 1, 0,
  0, 5, 14, 1, 1, 14, 6, 0,
  0, 7, 12, 0, 0, 10, 8, 0,
  0, 7, 11, 0, 0, 10, 8, 0,
  0, 5, 13, 0, 1, 13, 6, 0,
  0, 1, 14, 10, 12, 14, 1, 0,
  0, 0, 5, 14, 12, 3, 0, 0,
].map(&.to_f32)

Stele::Model.open(ARGV[0]) do |model|
  signature = model.signatures["serving_default"]
  puts "signature #{signature.name}"
  puts "input #{signature.inputs[0]}"
  puts "output #{signature.outputs[0]}"

  outputs = model.run({"image" => Stele::Tensor.new([1, 8, 8, 1], IMAGE)})
  probabilities = outputs["probabilities"].values(Float32)
  puts "digit #{probabilities.index(probabilities.max)}"
  puts "probabilities #{probabilities.map { |value| "%.6f" % value }.join(' ')}"

  # Without the batch: refused before TensorFlow sees it.
  begin
    model.run({"image" => Stele::Tensor.new([8, 8, 1], IMAGE)})
  rescue error : Stele::Error
    puts "refused #{error}"
  end
end
