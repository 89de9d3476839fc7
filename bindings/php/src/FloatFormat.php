<?php

declare(strict_types=1);

namespace Stele;

/**
 * An IEEE 754 format narrower than PHP's float, by integer arithmetic: a NaN keeps its
 * bits both ways, which a conversion by the machine does not promise.
 *
 * @internal
 */
final class FloatFormat
{
    private readonly int $bias;
    private readonly int $infinity;
    private readonly int $sign;

    public function __construct(int $exponent, private readonly int $fraction)
    {
        $this->bias = (1 << ($exponent - 1)) - 1;
        $this->infinity = ((1 << $exponent) - 1) << $fraction;
        $this->sign = 1 << ($exponent + $fraction);
    }

    /** The bits of the nearest value, the even one of two. A finite one may become infinite. */
    public function bits(float $value): int
    {
        $wide = unpack('q', pack('d', $value))[1];
        $sign = $wide < 0 ? $this->sign : 0;
        $exponent = ($wide >> 52 & 0x7ff) - 1023;
        $fraction = $wide & ((1 << 52) - 1);
        if (is_nan($value)) {
            $kept = $fraction >> (52 - $this->fraction);
            return $sign | $this->infinity | ($kept !== 0 ? $kept : 1 << ($this->fraction - 1));
        }
        return $sign | min($this->infinity, $this->magnitude($exponent, $fraction | 1 << 52));
    }

    private function magnitude(int $exponent, int $significand): int
    {
        if ($exponent > $this->bias) {
            return $this->infinity;
        }
        $least = 1 - $this->bias;
        $shift = 52 - $this->fraction + max(0, $least - $exponent);
        if ($shift > 54) {
            return 0;
        }
        $steps = $significand >> $shift;
        $rest = $significand & ((1 << $shift) - 1);
        $half = 1 << ($shift - 1);
        if ($rest > $half || ($rest === $half && ($steps & 1) === 1)) {
            $steps++;
        }
        return ((max($exponent, $least) - $least) << $this->fraction) + $steps;
    }

    /** Exactly. */
    public function value(int $bits): float
    {
        $negative = ($bits & $this->sign) !== 0;
        $exponent = ($bits & $this->infinity) >> $this->fraction;
        $fraction = $bits & ((1 << $this->fraction) - 1);
        if (($bits & $this->infinity) === $this->infinity) {
            $wide = ($negative ? PHP_INT_MIN : 0) | 0x7ff << 52 | $fraction << (52 - $this->fraction);
            return unpack('d', pack('q', $wide))[1];
        }
        $significand = $exponent > 0 ? $fraction | 1 << $this->fraction : $fraction;
        $value = $significand * 2.0 ** (max($exponent, 1) - $this->bias - $this->fraction);
        return $negative ? -$value : $value;
    }
}
