module Stele
  # An input or output of a signature.
  struct TensorInfo
    getter name : String
    # "FP32"; "TF_20" for a type of TensorFlow's that has no name here.
    getter dtype_name : String
    # nil for an unknown rank; nil in it for an unknown dimension.
    getter shape : Array(Int64?)?
    # Whether the SignatureDef has a default, so that a run may leave it out.
    getter? optional : Bool

    # :nodoc:
    def initialize(info : LibStele::TensorInfo)
      @name = String.new(info.name)
      @dtype_name = String.new(info.dtype_name)
      @optional = !info.default_value.null?
      @shape = nil
      if info.rank >= 0
        @shape = Array(Int64?).new(info.rank) { |index| info.dims[index] < 0 ? nil : info.dims[index] }
      end
    end

    # nil for a type without a name, which cannot be run.
    def dtype : DType?
      DType.parse?(@dtype_name)
    end

    # "image FP32 [?,8,8,1]"
    def to_s(io : IO) : Nil
      dims = @shape.try &.map { |dim| dim || '?' }
      io << @name << ' ' << @dtype_name << ' ' << (dims ? "[#{dims.join(',')}]" : "?")
    end
  end

  # One way to call a model; inputs and outputs are sorted by name.
  struct Signature
    getter name : String
    getter inputs : Array(TensorInfo)
    getter outputs : Array(TensorInfo)

    # :nodoc:
    def initialize(signature : LibStele::Signature)
      @name = String.new(signature.name)
      @inputs = Slice.new(signature.inputs, signature.n_inputs).map { |info| TensorInfo.new(info) }.to_a
      @outputs = Slice.new(signature.outputs, signature.n_outputs).map { |info| TensorInfo.new(info) }.to_a
    end
  end
end
