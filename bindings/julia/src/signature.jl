"""
An input or output of a signature: `name`; `dtype`, such as "FP32", or "TF_20", which cannot
be run; `shape`, `nothing` when its rank is unknown, with `nothing` for each unknown size;
`optional`, whether the SavedModel has a default for it, so that a call may leave it out.
"""
struct TensorInfo
    name::String
    dtype::String
    shape::Union{Nothing, Vector{Union{Nothing, Int}}}
    optional::Bool
end

"""
One way to call a model: its `name`, and its `inputs` and `outputs`, each a vector of
[`TensorInfo`](@ref) sorted by name.
"""
struct Signature
    name::String
    inputs::Vector{TensorInfo}
    outputs::Vector{TensorInfo}
end

# image FP32 [?,8,8,1]
function Base.show(io::IO, info::TensorInfo)
    print(io, info.name, " ", info.dtype, " ")
    info.shape === nothing && return print(io, "?")
    return print(io, "[", join((something(size, "?") for size in info.shape), ","), "]")
end

# serve: image FP32 [?,8,8,1] to probabilities FP32 [?,10]
function Base.show(io::IO, signature::Signature)
    inputs, outputs = join(signature.inputs, ", "), join(signature.outputs, ", ")
    return print(io, signature.name, ": ", inputs, " to ", outputs)
end

function TensorInfo(info::CTensorInfo)
    shape = nothing
    if info.rank >= 0
        dims = read_array(info.dims, info.rank)
        shape = Union{Nothing, Int}[size < 0 ? nothing : size for size in dims]
    end
    optional = info.default_value != C_NULL
    return TensorInfo(
        unsafe_string(info.name),
        unsafe_string(info.dtype_name),
        shape,
        optional,
    )
end

function Signature(signature::CSignature)
    inputs = map(TensorInfo, read_array(signature.inputs, signature.n_inputs))
    outputs = map(TensorInfo, read_array(signature.outputs, signature.n_outputs))
    return Signature(unsafe_string(signature.name), inputs, outputs)
end

function read_signatures(model::Ptr{Cvoid})
    count = ccall(libstele().signature_count, UInt64, (Ptr{Cvoid},), model)
    signatures = map(1:count) do number
        at = libstele().signature_at
        address = ccall(at, Ptr{CSignature}, (Ptr{Cvoid}, UInt64), model, number - 1)
        Signature(unsafe_load(address))
    end
    return Dict(signature.name => signature for signature in signatures)
end
