# frozen_string_literal: true

module Stele
  # The dtypes by name, as in the Open Inference Protocol, with TensorFlow's numbers.
  DTYPES = {
    FP32: 1, FP64: 2, INT32: 3, UINT8: 4, INT16: 5, INT8: 6, BYTES: 7, C64: 8, INT64: 9,
    BOOL: 10, BF16: 14, UINT16: 17, C128: 18, FP16: 19, UINT32: 22, UINT64: 23
  }.freeze

  # Ruby's values to the bytes of a dtype, and back.
  module Element # :nodoc:
    INTEGERS = {
      INT8: "c", INT16: "s", INT32: "l", INT64: "q", UINT8: "C", UINT16: "S", UINT32: "L", UINT64: "Q"
    }.freeze
    SIZES = {
      BOOL: 1, INT8: 1, UINT8: 1, INT16: 2, UINT16: 2, FP16: 2, BF16: 2, INT32: 4, UINT32: 4,
      FP32: 4, INT64: 8, UINT64: 8, FP64: 8, C64: 8, C128: 16
    }.freeze
    PARTS = { C64: :FP32, C128: :FP64 }.freeze
    FORMATS = {
      FP16: FloatFormat.new(5, 10), BF16: FloatFormat.new(8, 7), FP32: FloatFormat.new(8, 23),
      FP64: FloatFormat.new(11, 52)
    }.freeze

    def self.pack(dtype, values)
      case dtype
      when :BOOL then pack_bools(values)
      when *INTEGERS.keys then pack_integers(dtype, values)
      when *PARTS.keys then pack_complex(dtype, values)
      else pack_floats(dtype, values)
      end
    end

    def self.unpack(dtype, bytes)
      case dtype
      when :BOOL then bytes.unpack("C*").map { |byte| byte == 1 }
      when *INTEGERS.keys then bytes.unpack("#{INTEGERS[dtype]}*")
      when *PARTS.keys
        unpack(PARTS[dtype], bytes).each_slice(2).map { |real, imaginary| Complex.rect(real, imaginary) }
      else unpack_floats(dtype, bytes)
      end
    end

    def self.require_each(dtype, values)
      values.each do |value|
        raise Error.new(:INVALID_ARGUMENT, "#{value.inspect} does not fit #{dtype}") unless yield(value)
      end
    end

    def self.pack_bools(values)
      require_each(:BOOL, values) { |value| [true, false].include?(value) }
      values.map { |value| value ? 1 : 0 }.pack("C*")
    end

    def self.pack_integers(dtype, values)
      bits = SIZES[dtype] * 8
      range = dtype.start_with?("U") ? 0...(1 << bits) : -(1 << (bits - 1))...(1 << (bits - 1))
      require_each(dtype, values) { |value| value.is_a?(Integer) && range.cover?(value) }
      values.pack("#{INTEGERS[dtype]}*")
    end

    def self.pack_complex(dtype, values)
      require_each(dtype, values) { |value| value.is_a?(Numeric) }
      pack_floats(PARTS[dtype], values.flat_map(&:rect))
    end

    def self.pack_floats(dtype, values)
      format = FORMATS[dtype]
      require_each(dtype, values) { |value| value.is_a?(Numeric) && value.real? && format.fits?(value) }
      return values.pack("d*") if dtype == :FP64
      return values.pack("f*") if dtype == :FP32 && !values.sum(0.0).nan?

      values.map { |value| format.bits(value.to_f) }.pack(SIZES[dtype] == 2 ? "S*" : "L*")
    end

    def self.unpack_floats(dtype, bytes)
      return bytes.unpack("d*") if dtype == :FP64

      floats = bytes.unpack("f*") if dtype == :FP32
      return floats if floats && !floats.sum(0.0).nan?

      bytes.unpack(SIZES[dtype] == 2 ? "S*" : "L*").map { |bits| FORMATS[dtype].value(bits) }
    end
    private_class_method :require_each, :pack_bools, :pack_integers, :pack_complex, :pack_floats, :unpack_floats
  end
end
