<?php

declare(strict_types=1);

namespace Stele\Tests;

use Stele\DType;
use Stele\Tensor;

/** Elements, shapes, and what does not fit. */
final class TensorTest extends TestCase
{
    public function testHasItsElements(): void
    {
        $tensor = Tensor::of(DType::INT32, [2, 3], [1, 2, 3, 4, 5, 6]);
        self::assertSame(['INT32 [2,3]', [1, 2, 3, 4, 5, 6]], ["$tensor", $tensor->values()]);
        self::assertSame([true], Tensor::of(DType::BOOL, [], [true])->values());
        self::assertSame([1.5, 2.5], Tensor::packed(DType::FP32, [2], pack('f2', 1.5, 2.5))->values());
        self::assertSame(["ñ", '', "a\0b", "\xff"], Tensor::of(DType::BYTES, [4], ["ñ", '', "a\0b", "\xff"])->values());
        foreach (DType::cases() as $dtype) {
            self::assertSame([], Tensor::of($dtype, [0, 2], [])->values());
        }
    }

    public function testTakesNumbersByValue(): void
    {
        self::assertSame([1.0, -INF], Tensor::of(DType::FP32, [2], [1, -INF])->values());
        self::assertSame([[1.0, 0.0]], Tensor::of(DType::C64, [1], [[1, 0]])->values());
        self::assertSame([7, '18446744073709551615'], Tensor::of(DType::UINT64, [2], ['7', '18446744073709551615'])
            ->values());
    }

    public function testRefusesValuesThatDoNotFit(): void
    {
        $wrong = [
            'INT8' => [128, -129, 1.0, null], 'UINT8' => [256, -1], 'INT64' => [2 ** 63], 'BOOL' => [1, 'true'],
            'UINT64' => ['18446744073709551616', '99999999999999999999', -1, '', '1x', "1\n"], 'FP16' => [65520.0],
            'BF16' => [3.4e38], 'FP32' => [3.5e38, '1'], 'FP64' => [null], 'C64' => [1.0, [1.0]], 'BYTES' => [1],
        ];
        foreach ($wrong as $name => $values) {
            foreach ($values as $value) {
                $message = self::refused(fn () => Tensor::of(DType::named($name), [1], [$value]));
                self::assertStringEndsWith("does not fit $name", $message);
            }
        }
        self::assertSame('1.0e+39 does not fit FP32', self::refused(fn () => Tensor::of(DType::C64, [1], [[0, 1e39]])));
    }

    public function testRefusesWhatDoesNotAddUp(): void
    {
        $message = self::refused(fn () => Tensor::of(DType::INT32, [2, 2], [1, 2, 3]));
        self::assertSame('shape [2,2] has 4 elements, 3 given', $message);
        $message = self::refused(fn () => Tensor::packed(DType::FP32, [1], 'abc'));
        self::assertSame('shape [1] has 1 elements, 0.75 given', $message);
        foreach ([[-1], [2 ** 62, 4], [2 ** 64], [1.0]] as $shape) {
            self::refused(fn () => Tensor::of(DType::INT32, $shape, [1]));
        }
        self::refused(fn () => DType::named('FP8'));
        self::refused(fn () => Tensor::packed(DType::BYTES, [1], str_repeat('a', 16)));
        self::refused(fn () => Tensor::of(DType::BYTES, [0], [])->bytes());
    }
}
