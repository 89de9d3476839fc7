"""
Run TensorFlow SavedModels from Julia: a client of libstele.

    model = Stele.load("path/to/saved_model")
    outputs = model("image" => zeros(Float32, 1, 8, 8, 1))
    outputs["probabilities"]

An array has the index order of the signature: `x[batch, row, column]`.
"""
module Stele

using Libdl

export SteleError

include("error.jl")
include("libstele.jl")
include("elements.jl")
include("tensor.jl")
include("signature.jl")
include("model.jl")

end
