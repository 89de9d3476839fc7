module Stele
  # A tensor: a dtype, a shape, and elements in row-major order, which it owns.
  class Tensor
    getter dtype : DType
    getter shape : Array(Int64)

    # The elements of all dtypes but BYTES, and those of BYTES.
    @memory : Bytes
    @strings : Array(Bytes)

    # Copies elements; the shape of a scalar is `[] of Int32`. The dtype is that of their
    # type: see `Stele.dtype_of`. Strings are given as `String` or `Bytes`.
    #
    # Raises `Error` INVALID_ARGUMENT when the shape is none, or has another number of
    # elements.
    def self.new(shape : Indexable(Int), values : Indexable(T)) forall T
      {% if T == String || T == Bytes %}
        strings = Array(Bytes).new(values.size) { |index| values[index].to_slice.dup }
        new(DType::BYTES, dims(shape), Bytes.empty, strings).measured
      {% else %}
        slice = values.is_a?(Slice(T)) ? values.dup : Slice(T).new(values.size) { |index| values[index] }
        memory = Slice.new(slice.to_unsafe.as(UInt8*), slice.size * sizeof(T))
        new(Stele.dtype_of(T), dims(shape), memory, [] of Bytes).measured
      {% end %}
    end

    # :nodoc:
    def initialize(@dtype, @shape, @memory, @strings)
    end

    # Itself, when the shape is one, and has as many elements as there are.
    protected def measured : Tensor
      tensor = LibStele::Tensor.new(dtype: @dtype.value, rank: @shape.size, dims: @shape.to_unsafe)
      code = LibStele.tensor_size(pointerof(tensor), out size, out error)
      raise Error.from(error) if code != 0
      needed = size // LibStele.dtype_size(@dtype.value)
      given = @dtype.bytes? ? @strings.size : @memory.size // LibStele.dtype_size(@dtype.value)
      if needed != given
        text = "shape [#{@shape.join(',')}] has #{needed} elements, #{given} given"
        raise Error.new(Code::INVALID_ARGUMENT, text)
      end
      self
    end

    # A copy of an output, which the caller releases.
    protected def self.copy(tensor : LibStele::Tensor) : Tensor
      dtype = DType.from_value(tensor.dtype)
      shape = Slice.new(tensor.dims, tensor.rank).to_a
      return new(dtype, shape, Slice.new(tensor.data.as(UInt8*), tensor.size).dup, [] of Bytes) unless dtype.bytes?
      elements = Slice.new(tensor.data.as(LibStele::Bytes*), tensor.size // sizeof(LibStele::Bytes))
      strings = elements.map { |element| Slice.new(element.data, element.size).dup }
      new(dtype, shape, Bytes.empty, strings.to_a)
    end

    private def self.dims(shape) : Array(Int64)
      Array(Int64).new(shape.size) { |index| shape[index].to_i64 }
    rescue OverflowError
      raise Error.new(Code::INVALID_ARGUMENT, "shape [#{shape.join(',')}] is beyond 2^63-1")
    end

    # The elements in row-major order, read-only and without a copy:
    # `tensor.values(Float32)`, `tensor.values(Bytes)`.
    #
    # Raises `Error` INVALID_ARGUMENT when they are of another type.
    def values(type : T.class) : Slice(T) forall T
      asked = Stele.dtype_of(type)
      if asked != @dtype
        raise Error.new(Code::INVALID_ARGUMENT, "tensor has dtype #{@dtype}, read as #{asked}")
      end
      {% if T == Bytes %}
        Slice.new(@strings.to_unsafe, @strings.size, read_only: true)
      {% else %}
        Slice.new(@memory.to_unsafe.as(T*), @memory.size // sizeof(T), read_only: true)
      {% end %}
    end

    # "FP32 [1,8,8,1]"
    def to_s(io : IO) : Nil
      io << @dtype << " [" << @shape.join(',') << ']'
    end

    # :nodoc:
    #
    # For C, as long as the caller keeps the name and this.
    def view(name : String) : LibStele::Tensor
      strings = @strings.map { |string| LibStele::Bytes.new(data: string.to_unsafe, size: string.size) }
      data, size =
        if @dtype.bytes?
          {strings.to_unsafe.as(Void*), strings.size * sizeof(LibStele::Bytes)}
        else
          {@memory.to_unsafe.as(Void*), @memory.size}
        end
      LibStele::Tensor.new(name: name.to_unsafe, dtype: @dtype.value, rank: @shape.size,
        dims: @shape.to_unsafe, data: data, size: size)
    end
  end
end
