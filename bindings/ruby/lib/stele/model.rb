# frozen_string_literal: true

module Stele
  # A SavedModel in memory. Any number of threads may run it at once.
  class Model
    # Hash of Signature by name, in the order of names.
    attr_reader :signatures

    # Loads a SavedModel folder: the graph with exactly these tags, with the session of a
    # profile ("default", "inline", "single" or "python") or of a serialized ConfigProto.
    # `libtensorflow` is its file or folder, which is searched for unless given.
    #
    # Raises Error: NOT_FOUND when the folder, its variables, such a graph or TensorFlow is
    # missing; DATA_LOSS for a damaged model; INVALID_ARGUMENT for a profile or config that
    # is none.
    def initialize(dir, tags: ["serve"], profile: nil, config: nil, libtensorflow: nil)
      texts = [Text.name(tags.join(",")), profile && Text.name(profile),
               config && Fiddle::Pointer["#{config.b}\0"], libtensorflow && Text.path(libtensorflow)]
      tags, profile, bytes, library = texts.map(&:to_i)
      options = [48, tags, profile, bytes, config.to_s.bytesize, library].pack("Lx4J5")
      address = Libstele.checked(:load, Text.path(dir), options)
      # Released with the pointer, by #close or by the garbage collector.
      @model = Fiddle::Pointer.new(address, 0, Libstele.function(:free))
      @mutex = Mutex.new
      @signatures = read_signatures.freeze
    end

    # Loads a model, and with a block closes it at its end. Arguments are those of ::new.
    def self.open(dir, **options)
      model = new(dir, **options)
      return model unless block_given?

      begin
        yield model
      ensure
        model.close
      end
    end

    # Runs a signature on tensors by name, a Hash or pairs, and returns a Hash of its outputs.
    # Other threads go on meanwhile.
    #
    # Raises Error: NOT_FOUND for a signature that there is not; INVALID_ARGUMENT for inputs
    # that do not fit; FAILED_PRECONDITION after #close; whatever TensorFlow answers.
    def run(inputs, signature = "serving_default")
      signature = Text.name(signature)
      # These own what the views refer to, and live until the call has ended.
      names, tensors = inputs.map { |name, tensor| [Text.name(name), require_tensor(name, tensor)] }.transpose
      views = names.to_a.zip(tensors.to_a).map { |name, tensor| tensor.view(name) }.join
      call do |model|
        read_outputs(Libstele.checked(:run, model, signature, views, tensors.to_a.size))
      end
    end

    # Releases the model when the calls under way have ended; further ones are refused.
    def close
      @mutex.synchronize { @model.call_free }
    end

    def closed?
      @mutex.synchronize { @model.freed? }
    end

    private

    # A user of the model for the length of a call, which #close does not take away.
    def call
      model = @mutex.synchronize do
        raise Error.new(:FAILED_PRECONDITION, "the model is closed") if @model.freed?

        Libstele.call(:retain, @model)
      end
      begin
        yield model
      ensure
        Libstele.call(:free, model)
      end
    end

    def require_tensor(name, tensor)
      return tensor if tensor.is_a?(Tensor)

      raise Error.new(:INVALID_ARGUMENT, %(input "#{name}" is a #{tensor.class}, not a Stele::Tensor))
    end

    def read_signatures
      Array.new(Libstele.call(:signature_count, @model)) do |index|
        signature = Signature.read(Libstele.call(:signature_at, @model, index))
        [signature.name, signature]
      end.to_h
    end

    def read_outputs(outputs)
      count, first = Libstele.numbers(outputs, "J", 2)
      fields = Libstele.copy(first, count * Libstele::TENSOR_SIZE).unpack(Libstele::TENSOR * count)
      fields.each_slice(6).to_h do |name, dtype, rank, dims, data, size|
        shape = Libstele.numbers(dims, "q", rank)
        [Text.read(name), Tensor.of_output(DTYPES.key(dtype), shape, data, size)]
      end
    ensure
      Libstele.call(:outputs_free, outputs)
    end
  end
end
