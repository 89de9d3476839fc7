module Stele
  # The version of the TensorFlow in use, "2.21.0".
  #
  # Raises `Error` when there is none.
  def self.tensorflow_version : String
    version = LibStele.tensorflow_version(out error)
    raise Error.from(error) if version.null?
    String.new(version)
  end

  # A SavedModel in memory. Any number of fibers and threads may run it at once.
  class Model
    # By name, in the order of names.
    getter signatures : Hash(String, Signature)

    # Loads a SavedModel folder: the graph with exactly these tags, with the session of a
    # profile ("default", "inline", "single" or "python") or of a serialized ConfigProto.
    # `libtensorflow` is its file or folder, which is searched for unless given.
    #
    # Raises `Error`: NOT_FOUND when the folder, its variables, such a graph or
    # TensorFlow is missing; DATA_LOSS for a damaged model; INVALID_ARGUMENT for a
    # profile or config that is none.
    def initialize(dir : String | Path, *, tags : Enumerable(String) = {"serve"},
                   profile : String? = nil, config : Bytes? = nil, libtensorflow : String? = nil)
      dir = Error.check_text(dir.to_s, path: true)
      tags = Error.check_text(tags.join(','))
      libtensorflow.try { |path| Error.check_text(path, path: true) }
      profile.try { |name| Error.check_text(name) }
      options = LibStele::Options.new(struct_size: sizeof(LibStele::Options), tags: tags.to_unsafe,
        profile: profile.try(&.to_unsafe) || Pointer(UInt8).null,
        libtensorflow: libtensorflow.try(&.to_unsafe) || Pointer(UInt8).null)
      # An empty ConfigProto has no bytes, and is one all the same.
      if config
        options.config = config.empty? ? "".to_unsafe : config.to_unsafe
        options.config_size = config.size
      end
      @mutex = Mutex.new
      @model = LibStele.load(dir, pointerof(options), out error)
      raise Error.from(error) if @model.null?
      @signatures = {} of String => Signature
      LibStele.signature_count(@model).times do |index|
        signature = Signature.new(LibStele.signature_at(@model, index).value)
        @signatures[signature.name] = signature
      end
    end

    # Loads a model for the length of a block. Arguments are those of `.new`.
    def self.open(dir, **options, &)
      model = new(dir, **options)
      begin
        yield model
      ensure
        model.close
      end
    end

    # Runs a signature on tensors by name, a `Hash` or pairs, and returns its outputs.
    # Blocks the thread, and with it all fibers of a program that is not built with
    # `-Dpreview_mt`.
    #
    # Raises `Error`: NOT_FOUND for a signature that there is not; INVALID_ARGUMENT for
    # inputs that do not fit; FAILED_PRECONDITION after `#close`; whatever TensorFlow
    # answers.
    def run(inputs, signature : String = "serving_default") : Hash(String, Tensor)
      Error.check_text(signature)
      # Both live until the call has ended: what the views refer to is theirs.
      given = [] of {String, Tensor}
      inputs.each { |name, tensor| given << {Error.check_text(name), tensor} }
      views = given.map { |name, tensor| tensor.view(name) }
      call do |model|
        outputs = LibStele.run(model, signature, views.to_unsafe, views.size, out error)
        raise Error.from(error) if outputs.null?
        begin
          Slice.new(outputs.value.tensors, outputs.value.n_tensors).to_h do |tensor|
            {String.new(tensor.name), Tensor.copy(tensor)}
          end
        ensure
          LibStele.outputs_free(outputs)
        end
      end
    end

    # Releases the model when the calls under way have ended; further ones are refused.
    def close : Nil
      model = @mutex.synchronize do
        @model.tap { @model = Pointer(LibStele::Model).null }
      end
      LibStele.free(model)
    end

    def closed? : Bool
      @mutex.synchronize { @model.null? }
    end

    def finalize
      LibStele.free(@model)
    end

    # A user of the model for the length of a call, which `#close` does not take away.
    private def call(&)
      model = @mutex.synchronize do
        raise Error.new(Code::FAILED_PRECONDITION, "the model is closed") if @model.null?
        LibStele.retain(@model)
      end
      begin
        yield model
      ensure
        LibStele.free(model)
      end
    end
  end
end
