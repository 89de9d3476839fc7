module Stele
  # The canonical codes, numbered as in TensorFlow, absl and gRPC.
  enum Code
    CANCELLED           =  1
    UNKNOWN             =  2
    INVALID_ARGUMENT    =  3
    DEADLINE_EXCEEDED   =  4
    NOT_FOUND           =  5
    ALREADY_EXISTS      =  6
    PERMISSION_DENIED   =  7
    RESOURCE_EXHAUSTED  =  8
    FAILED_PRECONDITION =  9
    ABORTED             = 10
    OUT_OF_RANGE        = 11
    UNIMPLEMENTED       = 12
    INTERNAL            = 13
    UNAVAILABLE         = 14
    DATA_LOSS           = 15
    UNAUTHENTICATED     = 16
  end

  # What went wrong: `#message` names the culprit, `#code` says of what kind it is.
  class Error < Exception
    getter code : Code

    def initialize(@code : Code, message : String)
      super(message)
    end

    # "NOT_FOUND: no SavedModel at …"
    def to_s(io : IO) : Nil
      io << @code << ": " << message
    end

    # :nodoc:
    def self.from(error : LibStele::Error) : Error
      new(Code.from_value?(error.code) || Code::UNKNOWN, String.new(error.message.to_unsafe))
    end

    # :nodoc:
    #
    # Text for C, where it ends at a NUL. Not every path is UTF-8; a name is.
    def self.check_text(text : String, path : Bool = false) : String
      if text.includes?('\0')
        shown = text.gsub('\0', "\\0")
        raise new(Code::INVALID_ARGUMENT, %(a name or path holds a NUL: "#{shown}"))
      end
      unless path || text.valid_encoding?
        raise new(Code::INVALID_ARGUMENT, %(a name is not UTF-8: "#{text.scrub}"))
      end
      text
    end
  end
end
