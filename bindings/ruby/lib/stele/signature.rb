# frozen_string_literal: true

module Stele
  # An input or output of a signature. `dtype` is one of DTYPES, or such as :TF_20, which
  # cannot be run; `shape` is nil for an unknown rank, with nil for each unknown size.
  TensorInfo = Struct.new(:name, :dtype, :shape, :optional) do
    # Whether the SignatureDef has a default, so that a run may leave it out.
    alias_method :optional?, :optional

    # "image FP32 [?,8,8,1]"
    def to_s
      "#{name} #{dtype} #{shape ? "[#{shape.map { |size| size || "?" }.join(",")}]" : "?"}"
    end

    # A stele_tensor_info.
    def self.read(bytes) # :nodoc:
      name, _, rank, dtype, dims, _, default = bytes.unpack("Jl2J4")
      shape = Libstele.numbers(dims, "q", rank).map { |size| size unless size.negative? } unless rank.negative?
      new(Text.read(name), Text.read(dtype).to_sym, shape, default != 0).freeze
    end
  end

  # One way to call a model; `inputs` and `outputs` are TensorInfo, sorted by name.
  Signature = Struct.new(:name, :inputs, :outputs) do
    # A stele_signature.
    def self.read(address) # :nodoc:
      name, *sides = Libstele.numbers(address, "J", 5)
      infos = sides.each_slice(2).map do |count, first|
        Libstele.copy(first, count * 48).unpack("a48" * count).map { |bytes| TensorInfo.read(bytes) }.freeze
      end
      new(Text.read(name), *infos).freeze
    end
  end
end
