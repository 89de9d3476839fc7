<?php

declare(strict_types=1);

namespace Stele;

/**
 * PHP's values to the bytes of a dtype, and back.
 *
 * @internal
 */
final class Element
{
    private const FORMATS = [
        'INT8' => 'c', 'INT16' => 's', 'INT32' => 'l', 'INT64' => 'q',
        'UINT8' => 'C', 'UINT16' => 'S', 'UINT32' => 'L', 'UINT64' => 'Q',
        'FP16' => 'S', 'BF16' => 'S', 'FP32' => 'f', 'FP64' => 'd',
    ];

    /** @param list<mixed> $values */
    public static function pack(DType $dtype, array $values): string
    {
        if ($dtype === DType::C64 || $dtype === DType::C128) {
            foreach ($values as $value) {
                self::require(is_array($value) && array_is_list($value) && count($value) === 2, $value, $dtype);
            }
            return self::pack(self::part($dtype), array_merge(...$values));
        }
        $convert = match ($dtype) {
            DType::BOOL => self::bool(...),
            DType::UINT64 => self::unsigned(...),
            DType::FP16, DType::BF16, DType::FP32, DType::FP64 => self::float(...),
            default => self::integer(...),
        };
        $numbers = [];
        foreach ($values as $value) {
            $numbers[] = $convert($value, $dtype);
        }
        if ($dtype === DType::FP32 && is_nan((float) array_sum($numbers))) {
            return pack('L*', ...array_map(self::format($dtype)->bits(...), $numbers));
        }
        return pack((self::FORMATS[$dtype->name] ?? 'C') . '*', ...$numbers);
    }

    /** @return list<mixed> */
    public static function unpack(DType $dtype, string $bytes): array
    {
        if ($dtype === DType::C64 || $dtype === DType::C128) {
            return array_chunk(self::unpack(self::part($dtype), $bytes), 2);
        }
        $numbers = array_values(unpack((self::FORMATS[$dtype->name] ?? 'C') . '*', $bytes));
        if ($dtype === DType::FP32 && is_nan((float) array_sum($numbers))) {
            return array_map(self::format($dtype)->value(...), array_values(unpack('L*', $bytes)));
        }
        return match ($dtype) {
            DType::BOOL => array_map(fn (int $byte) => $byte === 1, $numbers),
            DType::UINT64 => array_map(fn (int $bits) => $bits < 0 ? sprintf('%u', $bits) : $bits, $numbers),
            DType::FP16, DType::BF16 => array_map(self::format($dtype)->value(...), $numbers),
            default => $numbers,
        };
    }

    private static function part(DType $dtype): DType
    {
        return $dtype === DType::C64 ? DType::FP32 : DType::FP64;
    }

    public static function format(DType $dtype): FloatFormat
    {
        static $formats = [];
        return $formats[$dtype->name] ??= match ($dtype) {
            DType::FP16 => new FloatFormat(5, 10),
            DType::BF16 => new FloatFormat(8, 7),
            DType::FP32 => new FloatFormat(8, 23),
        };
    }

    public static function require(bool $fits, mixed $value, DType $dtype): void
    {
        if (!$fits) {
            $shown = json_encode($value, JSON_PRESERVE_ZERO_FRACTION | JSON_PARTIAL_OUTPUT_ON_ERROR);
            throw new SteleException(Code::INVALID_ARGUMENT, "$shown does not fit {$dtype->name}");
        }
    }

    private static function bool(mixed $value, DType $dtype): int
    {
        self::require(is_bool($value), $value, $dtype);
        return $value ? 1 : 0;
    }

    private static function integer(mixed $value, DType $dtype): int
    {
        self::require(is_int($value), $value, $dtype);
        $bits = 8 * $dtype->size();
        $signed = $dtype->name[0] === 'I';
        if ($bits < 64) {
            $least = $signed ? -1 << ($bits - 1) : 0;
            self::require($value >= $least && $value < $least + (1 << $bits), $value, $dtype);
        }
        return $value;
    }

    /** The bits of an int, or of a decimal for what is beyond PHP_INT_MAX. */
    private static function unsigned(mixed $value, DType $dtype): int
    {
        $decimal = is_int($value) || is_string($value) ? "$value" : '';
        self::require(preg_match('/^[0-9]{1,20}$/D', $decimal) === 1, $value, $dtype);
        [$high, $low] = [0, 0];
        foreach (str_split($decimal) as $digit) {
            $low = $low * 10 + (int) $digit;
            $high = $high * 10 + ($low >> 32);
            $low &= 0xffffffff;
        }
        self::require($high >> 32 === 0, $value, $dtype);
        return $high << 32 | $low;
    }

    private static function float(mixed $value, DType $dtype): int|float
    {
        self::require(is_int($value) || is_float($value), $value, $dtype);
        if ($dtype === DType::FP64) {
            return $value;
        }
        $format = self::format($dtype);
        $bits = $format->bits((float) $value);
        self::require(!is_finite($value) || is_finite($format->value($bits)), $value, $dtype);
        return $dtype === DType::FP32 ? $value : $bits;
    }
}
