# frozen_string_literal: true

# The worker of the binding "ruby", on the kit of bindings/c/kit: that does the protocol,
# and this makes and reads tensors with the constructor and the accessor that users call.
require_relative "lib/stele"

# The kit's C interface, as stele_worker.h has it.
module Kit
  int = Fiddle::TYPE_INT
  pointer = Fiddle::TYPE_VOIDP
  address = Fiddle::TYPE_UINTPTR_T
  size = -Fiddle::TYPE_LONG_LONG
  none = Fiddle::TYPE_VOID
  text = Fiddle::TYPE_CONST_STRING
  LIBRARY = Fiddle.dlopen(Stele::Libstele.path("libstele_worker.so.1"))
  FUNCTIONS = {
    new: [[text] * 3, address], free: [[address], none], next: [[address], address], again: [[address], int],
    describe: [[address, text, int, text, text, int, pointer], none],
    output: [[address, text, int, int, pointer, size], address],
    ok: [[address], none], error: [[address, int, text], none], unsupported: [[address, text], none]
  }.to_h do |name, (takes, returns)|
    [name, Fiddle::Function.new(LIBRARY["stele_worker_#{name}"], takes, returns)]
  end

  def self.call(name, ...)
    FUNCTIONS.fetch(name).call(...)
  end

  # The text at an address as bytes, nil for NULL.
  def self.text(address)
    Fiddle::Pointer.new(address).to_s unless address.zero?
  end
end

# Answers what the kit leaves to the language.
class Worker
  LOAD = 1
  RUN = 2
  UNLOAD = 3

  def initialize(binding)
    @worker = Kit.call(:new, binding, "Ruby #{RUBY_VERSION}", nil)
  end

  # Answers requests until there are no more.
  def serve
    until (request = Kit.call(:next, @worker)).zero?
      answer(Stele::Libstele.copy(request, 72).unpack("lx4J8"))
    end
    replace(nil)
    Kit.call(:free, @worker)
  end

  private

  def answer(request)
    verb, dir, tags, profile, config, config_size, signature, count, inputs = request
    case verb
    when LOAD then load(Kit.text(dir), Kit.text(tags), Kit.text(profile), config, config_size)
    when RUN then run(Kit.text(signature), Stele::Libstele.copy(inputs, count * 40).unpack("Jl2J3" * count))
    when UNLOAD then replace(nil)
    else return Kit.call(:unsupported, @worker, "verb #{verb} of the kit")
    end
    Kit.call(:ok, @worker)
  rescue StandardError, NoMemoryError => e
    code = e.is_a?(Stele::Error) ? e.code : :INTERNAL
    Kit.call(:error, @worker, Stele::CODES.key(code), e.message.delete("\0"))
  end

  def load(dir, tags, profile, config, config_size)
    config = config.zero? ? nil : Stele::Libstele.copy(config, config_size)
    model = Stele::Model.new(dir, tags: tags.split(","), profile:, config:)
    model.signatures.each_value do |signature|
      signature.inputs.each { |info| describe(signature, 0, info) }
      signature.outputs.each { |info| describe(signature, 1, info) }
    end
    replace(model)
  end

  def replace(model)
    @model&.close
    @model = model
  end

  def describe(signature, is_output, info)
    dims = info.shape&.map { |size| size || -1 }
    Kit.call(:describe, @worker, signature.name, is_output, info.name, info.dtype.to_s,
             dims ? dims.size : -1, dims.to_a.pack("q*"))
  end

  def run(signature, fields)
    inputs = fields.each_slice(6).map do |name, dtype, rank, dims, path, _|
      shape = Stele::Libstele.numbers(dims, "q", rank)
      [Kit.text(name), read(Stele::DTYPES.key(dtype), shape, File.binread(Kit.text(path)))]
    end
    outputs = {}
    outputs = @model.run(inputs, signature) while Kit.call(:again, @worker) == 1
    outputs.each { |name, tensor| write(name, tensor) }
  end

  # A tensor of Ruby's values.
  def read(dtype, shape, bytes)
    values = dtype == :BYTES ? strings(bytes) : Stele::Tensor.packed(dtype, shape, bytes).values
    Stele::Tensor.new(dtype, shape, values)
  end

  # Each behind its length; the kit has checked these.
  def strings(bytes)
    at = 0
    values = []
    while at < bytes.bytesize
      size = bytes.unpack1("L<", offset: at)
      values << bytes.byteslice(at + 4, size)
      at += 4 + size
    end
    values
  end

  def write(name, tensor)
    bytes = stored(tensor)
    path = Kit.call(:output, @worker, name, Stele::DTYPES[tensor.dtype], tensor.shape.size,
                    tensor.shape.pack("q*"), bytes.bytesize)
    # The kit knows why there is none.
    File.binwrite(Kit.text(path), bytes) unless path.zero?
  end

  # The bytes of what users read.
  def stored(tensor)
    values = tensor.values
    return Stele::Tensor.new(tensor.dtype, tensor.shape, values).bytes unless tensor.dtype == :BYTES

    values.map { |value| [value.bytesize].pack("L<") + value }.join.b
  end
end

Worker.new("ruby").serve
