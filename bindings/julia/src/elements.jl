"""
A `BF16`: the upper half of a `Float32`. `Float32(x)` has the same value, `BFloat16(number)`
is the nearest one, and `reinterpret(BFloat16, 0x3f80)` has these bits.
"""
primitive type BFloat16 <: AbstractFloat 16 end

Base.Float32(x::BFloat16) = reinterpret(Float32, UInt32(reinterpret(UInt16, x)) << 16)
Base.Float64(x::BFloat16) = Float64(Float32(x))

# Half of the last place is added, and a bit less where that one is even. A NaN remains one.
function BFloat16(x::Float32)
    bits = reinterpret(UInt32, x)
    isnan(x) && return reinterpret(BFloat16, UInt16(bits >> 16) | 0x0040)
    return reinterpret(BFloat16, UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16))
end
BFloat16(x::Real) = BFloat16(Float32(x))

Base.promote_rule(::Type{BFloat16}, ::Type{Float32}) = Float32
Base.promote_rule(::Type{BFloat16}, ::Type{Float64}) = Float64
Base.:(==)(x::BFloat16, y::BFloat16) = Float32(x) == Float32(y)
Base.show(io::IO, x::BFloat16) = print(io, "BFloat16(", Float32(x), ")")

# The types of elements by their dtypes, which are TensorFlow's numbers.
const TYPES = Dict{Int32, DataType}(
    1 => Float32,
    2 => Float64,
    3 => Int32,
    4 => UInt8,
    5 => Int16,
    6 => Int8,
    7 => String,
    8 => ComplexF32,
    9 => Int64,
    10 => Bool,
    14 => BFloat16,
    17 => UInt16,
    18 => ComplexF64,
    19 => Float16,
    22 => UInt32,
    23 => UInt64,
)
const DTYPES = IdDict{DataType, Int32}(type => dtype for (dtype, type) in TYPES)
