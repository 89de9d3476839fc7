# frozen_string_literal: true

module Stele
  # The canonical codes by number, as in TensorFlow, absl and gRPC.
  CODES = {
    1 => :CANCELLED, 2 => :UNKNOWN, 3 => :INVALID_ARGUMENT, 4 => :DEADLINE_EXCEEDED,
    5 => :NOT_FOUND, 6 => :ALREADY_EXISTS, 7 => :PERMISSION_DENIED, 8 => :RESOURCE_EXHAUSTED,
    9 => :FAILED_PRECONDITION, 10 => :ABORTED, 11 => :OUT_OF_RANGE, 12 => :UNIMPLEMENTED,
    13 => :INTERNAL, 14 => :UNAVAILABLE, 15 => :DATA_LOSS, 16 => :UNAUTHENTICATED
  }.freeze

  # What went wrong: the message names the culprit, #code says of what kind it is.
  class Error < StandardError
    # One of CODES: :NOT_FOUND.
    attr_reader :code

    def initialize(code, message)
      super(message)
      @code = code
    end

    # "NOT_FOUND: no SavedModel at …"; #message has no code in front.
    def to_line
      "#{code}: #{message}"
    end
  end

  # Text on its way to C, where it ends at a NUL.
  module Text # :nodoc:
    # A name as UTF-8. Binary strings are taken to be that already.
    def self.name(text)
      text = text.to_s
      text = text.b.force_encoding(Encoding::UTF_8) if text.encoding == Encoding::BINARY
      text = text.encode(Encoding::UTF_8)
      raise Error.new(:INVALID_ARGUMENT, %(a name is not UTF-8: "#{text.scrub}")) unless text.valid_encoding?

      for_c(text)
    rescue EncodingError
      raise Error.new(:INVALID_ARGUMENT, "a name is not UTF-8: #{text.inspect}")
    end

    # A path as the system's bytes, which need not be UTF-8.
    def self.path(path)
      for_c(path.to_s)
    end

    # The pointer keeps the bytes alive, and in their place.
    def self.for_c(text)
      if text.b.include?("\0")
        shown = text.b.gsub("\0") { "\\0" }.force_encoding(Encoding::UTF_8).scrub
        raise Error.new(:INVALID_ARGUMENT, %(a name or path holds a NUL: "#{shown}"))
      end
      Fiddle::Pointer["#{text}\0"]
    end
    private_class_method :for_c

    # A text of C's.
    def self.read(address)
      Fiddle::Pointer.new(address).to_s.force_encoding(Encoding::UTF_8)
    end
  end
end
