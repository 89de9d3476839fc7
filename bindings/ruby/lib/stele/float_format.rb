# frozen_string_literal: true

module Stele
  # An IEEE 754 format narrower than Float. A NaN keeps its bits both ways, which a
  # conversion by the machine does not promise.
  class FloatFormat # :nodoc:
    INFINITY = 0x7ff << 52
    FRACTION = (1 << 52) - 1

    def initialize(exponent, fraction)
      @fraction = fraction
      @bias = (1 << (exponent - 1)) - 1
      @infinity = ((1 << exponent) - 1) << fraction
      @sign = exponent + fraction
      # From here on a number rounds to infinity.
      @limit = ((1 << (fraction + 2)) - 1) << (@bias - fraction - 1)
    end

    def fits?(number)
      !number.finite? || number.abs < @limit
    end

    # The bits of the nearest value, the even one of two.
    def bits(float)
      wide = [float].pack("d").unpack1("Q")
      sign = wide >> 63 << @sign
      sign | (float.nan? ? nan(wide & FRACTION) : magnitude(float.abs))
    end

    # Exactly.
    def value(bits)
      fraction = bits & ((1 << @fraction) - 1)
      negative = bits >> @sign == 1
      return special(negative, fraction) if bits & @infinity == @infinity

      exponent = (bits & @infinity) >> @fraction
      fraction |= 1 << @fraction if exponent.positive?
      float = Math.ldexp(fraction, [exponent, 1].max - @bias - @fraction)
      negative ? -float : float
    end

    private

    def magnitude(float)
      return 0 if float.zero?
      return @infinity if float.infinite?

      exponent = [Math.frexp(float).last - 1, 1 - @bias].max
      steps = Math.ldexp(float, @fraction - exponent).round(half: :even)
      ((exponent + @bias - 1) << @fraction) + steps
    end

    def nan(fraction)
      kept = fraction >> (52 - @fraction)
      @infinity | (kept.zero? ? 1 << (@fraction - 1) : kept)
    end

    def special(negative, fraction)
      [(negative ? 1 << 63 : 0) | INFINITY | (fraction << (52 - @fraction))].pack("Q").unpack1("d")
    end
  end
end
