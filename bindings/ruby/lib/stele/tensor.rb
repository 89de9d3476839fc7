# frozen_string_literal: true

module Stele
  # A tensor: a dtype, a shape, and elements in row-major order, which it owns. Immutable.
  class Tensor
    # One of DTYPES: :FP32.
    attr_reader :dtype
    # An Array of sizes; [] of a scalar.
    attr_reader :shape

    # Copies elements: an Array of numbers, Complex, booleans or Strings, as the dtype wants.
    #
    # Raises Error INVALID_ARGUMENT when a value does not fit the dtype, or their number the
    # shape.
    def initialize(dtype, shape, values)
      build(dtype, shape) do
        next strings(values) if dtype == :BYTES

        Element.pack(dtype, values)
      end
    end

    # A tensor of memory as it is: elements in the machine's byte order, such as another
    # library has them. Of any dtype but BYTES.
    #
    # Raises Error INVALID_ARGUMENT when their number is not that of the shape, and for BYTES.
    def self.packed(dtype, shape, bytes)
      raise Error.new(:INVALID_ARGUMENT, "BYTES has no memory of its own; use new") if dtype == :BYTES

      tensor = allocate
      tensor.send(:build, dtype, shape) { bytes.b }
      tensor
    end

    # A copy of an output, which the caller releases; what it is has been checked by C.
    def self.of_output(dtype, shape, address, size) # :nodoc:
      bytes = Libstele.copy(address, size)
      return allocate.tap { |tensor| tensor.send(:hold, dtype, shape, bytes) } unless dtype == :BYTES

      new(dtype, shape, bytes.unpack("J*").each_slice(2).map { |element| Libstele.copy(*element) })
    end

    # The elements in row-major order. Strings are binary.
    def values
      return Element.unpack(dtype, @memory) unless dtype == :BYTES

      base = @text.to_i
      @memory.unpack("J*").each_slice(2).map { |address, size| @text[address - base, size] }
    end

    # The memory of the elements, frozen.
    #
    # Raises Error INVALID_ARGUMENT for BYTES, whose elements lie apart.
    def bytes
      raise Error.new(:INVALID_ARGUMENT, "BYTES has no memory of its own; use values") if dtype == :BYTES

      @memory
    end

    # "FP32 [1,8,8,1]"
    def to_s
      "#{dtype} [#{shape.join(",")}]"
    end
    alias inspect to_s

    # A stele_tensor, as long as the caller keeps the name and this.
    def view(name) # :nodoc:
      [name.to_i, DTYPES[dtype], shape.size, @dims.to_i, @data.to_i, @memory.bytesize].pack(Libstele::TENSOR)
    end

    private

    def build(dtype, shape)
      raise Error.new(:INVALID_ARGUMENT, "no dtype #{dtype.inspect}") unless DTYPES.key?(dtype)

      needed = elements(dtype, shape)
      hold(dtype, shape, yield)
      return if needed * element_size(dtype) == @memory.bytesize

      given = Rational(@memory.bytesize, element_size(dtype))
      given = given.denominator == 1 ? given.to_i : given.to_f
      raise Error.new(:INVALID_ARGUMENT, "shape [#{shape.join(",")}] has #{needed} elements, #{given} given")
    end

    # The pointers keep what they point to, and keep the garbage collector from moving it.
    def hold(dtype, shape, memory)
      @dtype = dtype
      @shape = shape.dup.freeze
      @dims = Fiddle::Pointer[shape.pack("q*")]
      @memory = memory.freeze
      @data = Fiddle::Pointer[@memory]
    end

    # stele_bytes over one text that has them all.
    def strings(values)
      odd = values.find { |value| !value.is_a?(String) }
      raise Error.new(:INVALID_ARGUMENT, "#{odd.inspect} does not fit BYTES") if odd

      @text = Fiddle::Pointer[values.map(&:b).join.b]
      address = @text.to_i
      values.flat_map { |value| [address, value.bytesize].tap { address += value.bytesize } }.pack("J*")
    end

    # How many the shape says, checked by C.
    def elements(dtype, shape)
      unless shape.all? { |size| size.is_a?(Integer) && size.bit_length < 64 }
        raise Error.new(:INVALID_ARGUMENT, "shape [#{shape.join(",")}] is not of integers below 2^63")
      end

      dims = Fiddle::Pointer[shape.pack("q*")]
      size = "\0".b * 8
      Libstele.checked(:tensor_size, [0, DTYPES[dtype], shape.size, dims.to_i, 0, 0].pack(Libstele::TENSOR), size)
      size.unpack1("Q") / element_size(dtype)
    end

    def element_size(dtype)
      Element::SIZES.fetch(dtype, Libstele::BYTES_SIZE)
    end
  end
end
