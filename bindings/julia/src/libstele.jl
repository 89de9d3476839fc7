# libstele's C interface, as stele.h has it.

const ABI = 1

struct CBytes
    data::Ptr{UInt8}
    size::UInt64
end

struct CTensor
    name::Ptr{UInt8}
    dtype::Int32
    rank::Int32
    dims::Ptr{Int64}
    data::Ptr{Cvoid}
    size::UInt64
end

struct COptions
    struct_size::UInt32
    tags::Ptr{UInt8}
    profile::Ptr{UInt8}
    config::Ptr{UInt8}
    config_size::UInt64
    libtensorflow::Ptr{UInt8}
end

struct CTensorInfo
    name::Ptr{UInt8}
    dtype::Int32
    rank::Int32
    dtype_name::Ptr{UInt8}
    dims::Ptr{Int64}
    tensor::Ptr{UInt8}
    default_value::Ptr{CTensor}
end

struct CSignature
    name::Ptr{UInt8}
    n_inputs::UInt64
    inputs::Ptr{CTensorInfo}
    n_outputs::UInt64
    outputs::Ptr{CTensorInfo}
end

struct COutputs
    n_tensors::UInt64
    tensors::Ptr{CTensor}
end

# Its functions, as addresses: those of one process, which no precompiled file may keep.
struct Functions
    abi::Ptr{Cvoid}
    load::Ptr{Cvoid}
    free::Ptr{Cvoid}
    signature_count::Ptr{Cvoid}
    signature_at::Ptr{Cvoid}
    run::Ptr{Cvoid}
    outputs_free::Ptr{Cvoid}
    tensorflow_version::Ptr{Cvoid}
end

const FUNCTIONS = Ref{Union{Nothing, Functions}}(nothing)
const LOADING = ReentrantLock()

const UNCAUGHT = string(
    "Where TensorFlow throws a C++ exception, which it would catch and make an error of, it ends ",
    "this process: Julia's libunwind comes before the libgcc_s that TensorFlow is made for. ",
    "Start Julia with LD_PRELOAD=libgcc_s.so.1",
)

# The functions; the first call loads the library.
function libstele()::Functions
    FUNCTIONS[] === nothing || return FUNCTIONS[]
    return lock(LOADING) do
        FUNCTIONS[] === nothing || return FUNCTIONS[]
        catches_exceptions() || @warn UNCAUGHT
        FUNCTIONS[] = functions(open_library("libstele.so.$ABI"))
    end
end

# Whether what throws C++ exceptions in this process is what catches them in TensorFlow. The
# first is of whichever library the process shows first, the second of libgcc_s.
function catches_exceptions()
    Sys.islinux() || return true
    name = "_Unwind_RaiseException"
    shown = ccall(:dlsym, Ptr{Cvoid}, (Ptr{Cvoid}, Cstring), C_NULL, name)
    return shown == dlsym(dlopen("libgcc_s.so.1"), name)
end

# The library in $STELE_LIBSTELE, a file or its folder; else what the system's loader finds.
function open_library(file)
    given = get(ENV, "STELE_LIBSTELE", "")
    path = isempty(given) ? file : isdir(given) ? joinpath(given, file) : given
    try
        return dlopen(path)
    catch error
        hint = "set STELE_LIBSTELE to the file or its folder"
        throw(SteleError(:NOT_FOUND, "no libstele: $(error.msg); $hint"))
    end
end

function functions(library)
    found = Functions((
        dlsym(library, Symbol(:stele_, field))
        for field in fieldnames(Functions)
    )...)
    abi = ccall(found.abi, UInt32, ())
    abi == ABI && return found
    throw(SteleError(:FAILED_PRECONDITION, "libstele has ABI $abi, and $ABI is needed"))
end

# The stele_error of this task, which each call fills in or clears: a new one would cost a small
# call.
function task_error()
    made() = Vector{UInt8}(undef, 4100)
    return get!(made, task_local_storage(), :stele_error)::Vector{UInt8}
end

# Throws what a call left in its error, if it failed.
function check(error::Vector{UInt8})
    GC.@preserve error begin
        code = unsafe_load(Ptr{Int32}(pointer(error)))
        code == 0 && return
        throw(SteleError(get(CODES, code, :UNKNOWN), unsafe_string(pointer(error) + 4)))
    end
end

# `count` elements of C's, copied.
read_array(from::Ptr{T}, count) where {T} = T[unsafe_load(from, index) for index in 1:count]

"""
The version of the TensorFlow in use, "2.21.0". Throws a [`SteleError`](@ref) when there is none.
"""
function tensorflow_version()
    error = task_error()
    version = ccall(libstele().tensorflow_version, Ptr{UInt8}, (Ptr{UInt8},), error)
    check(error)
    return unsafe_string(version)
end
