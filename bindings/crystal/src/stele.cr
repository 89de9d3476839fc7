# Run TensorFlow SavedModels from Crystal: a client of libstele.
#
# ```
# Stele::Model.open("path/to/saved_model") do |model|
#   image = Stele::Tensor.new([1, 8, 8, 1], Array.new(64, 0_f32))
#   outputs = model.run({"image" => image})
#   puts outputs["probabilities"].values(Float32).join(" ")
# end
# ```
module Stele
  VERSION = "0.1.0"
end

require "./stele/lib_stele"
require "./stele/error"
require "./stele/dtype"
require "./stele/element"
require "./stele/tensor"
require "./stele/signature"
require "./stele/model"
