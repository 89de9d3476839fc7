<?php

declare(strict_types=1);

namespace Stele;

/** Element types, named as in the Open Inference Protocol, numbered as in TensorFlow. */
enum DType: int
{
    case FP32 = 1;
    case FP64 = 2;
    case INT32 = 3;
    case UINT8 = 4;
    case INT16 = 5;
    case INT8 = 6;
    case BYTES = 7;
    case C64 = 8;
    case INT64 = 9;
    case BOOL = 10;
    case BF16 = 14;
    case UINT16 = 17;
    case C128 = 18;
    case FP16 = 19;
    case UINT32 = 22;
    case UINT64 = 23;

    /** The bytes of an element; of BYTES, those of its stele_bytes. */
    public function size(): int
    {
        return match ($this) {
            self::BOOL, self::INT8, self::UINT8 => 1,
            self::INT16, self::UINT16, self::FP16, self::BF16 => 2,
            self::INT32, self::UINT32, self::FP32 => 4,
            self::INT64, self::UINT64, self::FP64, self::C64 => 8,
            self::C128, self::BYTES => 16,
        };
    }

    /** @throws SteleException INVALID_ARGUMENT: there is none */
    public static function named(string $name): self
    {
        foreach (self::cases() as $dtype) {
            if ($dtype->name === $name) {
                return $dtype;
            }
        }
        throw new SteleException(Code::INVALID_ARGUMENT, "no dtype \"$name\"");
    }
}
