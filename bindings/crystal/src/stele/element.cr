require "complex"

module Stele
  # An IEEE 754 binary16, which Crystal has no type for: its bits.
  record Float16, bits : UInt16 do
    # The value, exactly.
    def to_f32 : Float32
      exponent, fraction = (bits >> 10) & 0x1f, (bits & 0x3ff).to_u32
      magnitude =
        case exponent
        when 0x1f then 0x7f80_0000_u32 | (fraction << 13)
        when    0 then (fraction.to_f32 * 2_f32 ** -24).unsafe_as(UInt32)
        else           ((exponent.to_u32 + 112) << 23) | (fraction << 13)
        end
      # Not `-value`, which makes 0.0 of 0.0.
      (magnitude | ((bits & 0x8000).to_u32 << 16)).unsafe_as(Float32)
    end
  end

  # The upper half of a Float32.
  record BFloat16, bits : UInt16 do
    # The value, exactly.
    def to_f32 : Float32
      (bits.to_u32 << 16).unsafe_as(Float32)
    end
  end

  # Two Float32; Crystal's own `Complex` is two Float64.
  record Complex64, real : Float32, imag : Float32

  # :nodoc:
  ELEMENTS = {
    "BOOL" => Bool, "INT8" => Int8, "INT16" => Int16, "INT32" => Int32, "INT64" => Int64,
    "UINT8" => UInt8, "UINT16" => UInt16, "UINT32" => UInt32, "UINT64" => UInt64,
    "FP16" => Stele::Float16, "BF16" => Stele::BFloat16, "FP32" => Float32, "FP64" => Float64,
    "C64" => Stele::Complex64, "C128" => Complex,
  }

  # The dtype of a Crystal type: `Stele.dtype_of(Float32)` is FP32. Strings are `Bytes`.
  {% for name, type in ELEMENTS %}
    def self.dtype_of(type : {{type}}.class) : DType
      DType::{{name.id}}
    end
  {% end %}

  def self.dtype_of(type : Bytes.class) : DType
    DType::BYTES
  end
end
