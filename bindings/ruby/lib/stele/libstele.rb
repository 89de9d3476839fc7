# frozen_string_literal: true

require "fiddle"

module Stele
  # libstele's C interface, as stele.h has it: structures are packed strings, whose offsets
  # its head lists. The library is loaded by the first call.
  module Libstele # :nodoc:
    ABI = 1
    INT = Fiddle::TYPE_INT
    ADDRESS = Fiddle::TYPE_UINTPTR_T
    POINTER = Fiddle::TYPE_VOIDP
    SIZE = -Fiddle::TYPE_LONG_LONG

    # Name to what it takes and returns. Fiddle calls without the interpreter's lock, so
    # that other threads go on.
    FUNCTIONS = {
      abi: [[], INT],
      tensor_size: [[POINTER] * 3, INT],
      load: [[POINTER] * 3, ADDRESS],
      retain: [[POINTER], ADDRESS],
      free: [[POINTER], Fiddle::TYPE_VOID],
      signature_count: [[POINTER], SIZE],
      signature_at: [[POINTER, SIZE], ADDRESS],
      run: [[POINTER, POINTER, POINTER, SIZE, POINTER], ADDRESS],
      outputs_free: [[POINTER], Fiddle::TYPE_VOID],
      tensorflow_version: [[POINTER], ADDRESS]
    }.freeze

    # stele_tensor: name, dtype, rank, dims, data, size.
    TENSOR = "Jl2J3"
    TENSOR_SIZE = 40
    # stele_bytes: data, size.
    BYTES = "J2"
    BYTES_SIZE = 16

    @loading = Mutex.new

    def self.function(name)
      (@functions || @loading.synchronize { @functions ||= functions }).fetch(name)
    end

    def self.call(name, ...)
      function(name).call(...)
    end

    # Calls what can fail and takes a stele_error at the end. What means failure is 0 of
    # an address, or else whatever is not OK.
    def self.checked(name, *arguments)
      # One for a thread: a new one for each call would be much of what a small call costs.
      error = Thread.current[:stele_error] ||= "\0".b * 4100
      result = call(name, *arguments, error)
      code = error.unpack1("l")
      return result if code.zero?

      message = error.byteslice(4..).unpack1("Z*").force_encoding(Encoding::UTF_8).scrub
      raise Error.new(CODES.fetch(code, :UNKNOWN), message)
    end

    # `size` bytes of C's memory, copied.
    def self.copy(address, size)
      size.zero? ? "".b : Fiddle::Pointer.new(address)[0, size]
    end

    # `count` numbers at an address.
    def self.numbers(address, format, count)
      copy(address, count * 8).unpack("#{format}*")
    end

    # The library in $STELE_LIBSTELE, a file or its folder; else what the system's loader finds.
    def self.functions
      library = Fiddle.dlopen(path("libstele.so.#{ABI}"))
      table = FUNCTIONS.to_h do |name, (takes, returns)|
        [name, Fiddle::Function.new(library["stele_#{name}"], takes, returns, name: name.to_s)]
      end
      abi = table[:abi].call
      return table if abi == ABI

      raise Error.new(:FAILED_PRECONDITION, "libstele has ABI #{abi}, and #{ABI} is needed")
    rescue Fiddle::DLError => e
      raise Error.new(:NOT_FOUND, "no libstele: #{e.message}; set STELE_LIBSTELE to the file or its folder")
    end
    private_class_method :functions

    def self.path(file)
      given = ENV.fetch("STELE_LIBSTELE", "")
      return file if given.empty?

      File.directory?(given) ? File.join(given, file) : given
    end
  end
end
