# Tensors between Julia's arrays, whose first index moves fastest, and C's, whose last does.

# An input as it is in C's memory, with what owns that memory.
struct Input
    name::String
    dtype::Int32
    dims::Vector{Int64}
    data::Any # an array in row-major order
    size::Int
    texts::Any
end

# A view of an input, good as long as that is.
function CTensor(input::Input)
    data = ccall(:jl_array_ptr, Ptr{Cvoid}, (Any,), input.data)
    rank = length(input.dims)
    return CTensor(
        pointer(input.name),
        input.dtype,
        rank,
        pointer(input.dims),
        data,
        input.size,
    )
end

function Input(name::String, @nospecialize(value))
    array = elements(name, value)
    dims = Int64[size(array)...]
    type = eltype(array)
    if type === String
        views = CBytes[CBytes(pointer(text), sizeof(text)) for text in array]
        return Input(name, DTYPES[type], dims, rows(views, dims), 16 * length(array), array)
    end
    return Input(name, DTYPES[type], dims, rows(array, dims), sizeof(array), nothing)
end

# An array of a type that is a dtype's; the very one where it is that already.
function elements(name, @nospecialize(value))
    value isa Union{Number, AbstractString} && return elements(name, fill(value))
    value isa AbstractArray ||
        invalid("input \"$name\" is a $(typeof(value)), not an array")
    type = eltype(value)
    type <: AbstractString &&
        return value isa Array{String} ? value : map(String, Array(value))
    type <: AbstractVector{UInt8} && return map(bytes -> String(copy(bytes)), Array(value))
    haskey(DTYPES, type) ||
        invalid("input \"$name\" has elements of $type, which is no dtype's")
    return value isa Array ? value : Array(value)
end

# The elements of a column-major array in row-major order.
function rows(@nospecialize(array), dims)
    in_order(dims) && return array
    size = Base.elsize(typeof(array))
    copy = Vector{UInt8}(undef, size * length(array))
    GC.@preserve array copy begin
        from = ccall(:jl_array_ptr, Ptr{Cvoid}, (Any,), array)
        reverse_axes!(Ptr{Cvoid}(pointer(copy)), from, dims, size)
    end
    return copy
end

# Whether both orders are one.
in_order(dims) = count(size -> size != 1, dims) < 2

# Copies a column-major array of `dims` to one of the reversed dims, which is its row-major
# form; and a row-major one, as that is a column-major one of the reversed dims.
function reverse_axes!(to::Ptr{Cvoid}, from::Ptr{Cvoid}, dims, size)
    size == 1 && return reverse_axes!(Ptr{UInt8}(to), Ptr{UInt8}(from), dims)
    size == 2 && return reverse_axes!(Ptr{UInt16}(to), Ptr{UInt16}(from), dims)
    size == 4 && return reverse_axes!(Ptr{UInt32}(to), Ptr{UInt32}(from), dims)
    size == 8 && return reverse_axes!(Ptr{UInt64}(to), Ptr{UInt64}(from), dims)
    return reverse_axes!(Ptr{UInt128}(to), Ptr{UInt128}(from), dims)
end

function reverse_axes!(to::Ptr{T}, from::Ptr{T}, dims) where {T}
    rank = length(dims)
    steps = [prod(dims[1:(axis - 1)]) for axis in 1:rank]
    index = zeros(Int, rank)
    source = 1
    for target in 1:prod(dims)
        unsafe_store!(to, unsafe_load(from, source), target)
        axis = rank
        while axis > 0
            source += steps[axis]
            index[axis] += 1
            index[axis] < dims[axis] && break
            source -= steps[axis] * dims[axis]
            index[axis] = 0
            axis -= 1
        end
    end
    return
end

# The array of an output.
function read_tensor(tensor::CTensor)
    dims = read_array(tensor.dims, tensor.rank)
    type = TYPES[tensor.dtype]
    type === String && return read_texts(tensor, dims)
    return read_columns(type, tensor.data, dims)
end

function read_texts(tensor, dims)
    views = read_columns(CBytes, tensor.data, dims)
    return map(view -> unsafe_string(view.data, view.size), views)
end

function read_columns(@nospecialize(type), data, dims)
    array = Array{type}(undef, dims...)
    isempty(array) && return array
    to = ccall(:jl_array_ptr, Ptr{Cvoid}, (Any,), array)
    GC.@preserve array if in_order(dims)
        ccall(
            :memcpy,
            Ptr{Cvoid},
            (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t),
            to,
            data,
            sizeof(array),
        )
    else
        reverse_axes!(to, data, reverse(dims), Base.elsize(typeof(array)))
    end
    return array
end
