# frozen_string_literal: true

# Which digit is this? Load, introspect, run, print.
#   ruby -I lib examples/digits.rb path/to/saved_model
require "stele"

IMAGE = [
  0, 0, 5, 13, 12, 3, 0, 0,
  0, 2, 15, 11, 12, 14, 1, 0,
  0, 5, 14, 1, 1, 14, 6, 0,
  0, 7, 12, 0, 0, 10, 8, 0,
  0, 7, 11, 0, 0, 10, 8, 0,
  0, 5, 13, 0, 1, 13, 6, 0,
  0, 1, 14, 10, 12, 14, 1, 0,
  0, 0, 5, 14, 12, 3, 0, 0
].freeze

Stele::Model.open(ARGV.fetch(0)) do |model|
  signature = model.signatures["serving_default"]
  puts "signature #{signature.name}"
  puts "input #{signature.inputs.first}"
  puts "output #{signature.outputs.first}"

  outputs = model.run("image" => Stele::Tensor.new(:FP32, [1, 8, 8, 1], IMAGE))
  probabilities = outputs["probabilities"].values
  puts "digit #{probabilities.index(probabilities.max)}"
  puts "probabilities #{probabilities.map { |value| format("%.6f", value) }.join(" ")}"

  # Without the batch: refused before TensorFlow sees it.
  begin
    model.run("image" => Stele::Tensor.new(:FP32, [8, 8, 1], IMAGE))
  rescue Stele::Error => e
    puts "refused #{e.to_line}"
  end
end
