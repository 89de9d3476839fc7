# frozen_string_literal: true

# Run TensorFlow SavedModels from Ruby: a client of libstele.
#
#   Stele::Model.open("path/to/saved_model") do |model|
#     image = Stele::Tensor.new(:FP32, [1, 8, 8, 1], Array.new(64, 0.0))
#     puts model.run("image" => image)["probabilities"].values.inspect
#   end
module Stele
  VERSION = "0.1.0"

  # The version of the TensorFlow in use, "2.21.0".
  #
  # Raises Error when there is none.
  def self.tensorflow_version
    Text.read(Libstele.checked(:tensorflow_version))
  end
end

require_relative "stele/error"
require_relative "stele/libstele"
require_relative "stele/float_format"
require_relative "stele/element"
require_relative "stele/tensor"
require_relative "stele/signature"
require_relative "stele/model"
