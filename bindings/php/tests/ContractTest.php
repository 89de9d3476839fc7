<?php

declare(strict_types=1);

namespace Stele\Tests;

use FFI;
use Stele\Code;
use Stele\DType;
use Stele\Element;
use Stele\Libstele;
use Stele\Model;
use Stele\Tensor;

/** Holds the package against the tables of the contract. */
final class ContractTest extends TestCase
{
    public function testCodes(): void
    {
        $rows = array_slice(self::table('codes.tsv', 'number', 'name'), 1);
        $codes = array_map(fn (Code $code) => [(string) $code->value, $code->name], Code::cases());
        self::assertSame($rows, $codes);
    }

    public function testDTypes(): void
    {
        $rows = self::table('dtypes.tsv', 'name', 'number', 'size', 'kind');
        self::assertCount(count($rows), DType::cases());
        foreach ($rows as [$name, $number, $size, $kind]) {
            $dtype = DType::named($name);
            self::assertSame((int) $number, $dtype->value);
            self::assertSame($kind === 'bytes' ? 16 : (int) $size, $dtype->size());
        }
    }

    /** The sizes that stele.h lists. */
    public function testStructures(): void
    {
        $sizes = ['error' => 4100, 'bytes' => 16, 'tensor' => 40, 'options' => 48, 'tensor_info' => 48,
            'signature' => 40, 'outputs' => 16];
        foreach ($sizes as $name => $size) {
            self::assertSame($size, FFI::sizeof(Libstele::get()->type("stele_$name")), $name);
        }
    }

    public function testProfiles(): void
    {
        $answers = [];
        foreach (self::table('profiles.tsv', 'name', 'config', 'meaning') as [$name, $config]) {
            foreach (['profile' => $name, 'config' => hex2bin($config)] as $option => $value) {
                $model = new Model(self::model('digits'), ...[$option => $value]);
                $answers[] = $model->run(['image' => self::blank()])['probabilities']->bytes();
            }
        }
        self::assertCount(8, $answers);
        self::assertCount(1, array_unique($answers));
    }

    /** Through the constructor, a call and the accessor. */
    public function testValues(): void
    {
        $rows = self::table('values.tsv', 'dtype', 'shape', 'literals', 'bytes');
        self::assertCount(count(DType::cases()), $rows);
        $model = new Model(self::model('dtypes'));
        foreach ($rows as [$name, $shape, $literals, $bytes]) {
            $dtype = DType::named($name);
            $values = array_map(fn (string $text) => self::literal($dtype, $text), explode(',', $literals));
            $given = Tensor::of($dtype, array_map('intval', explode(',', $shape)), $values);
            if ($dtype !== DType::BYTES) {
                self::assertSame($bytes, bin2hex($given->bytes()), $name);
            }
            $same = $model->run(['x' => $given], strtolower($name))['same'];
            self::assertSame([$dtype, [2, 3]], [$same->dtype, $same->shape]);
            self::assertSame(self::exact($values), self::exact($same->values()), $name);
        }
    }

    /** Every value of the narrow formats, ties, and NaNs that a conversion by the machine changes. */
    public function testNarrowFormats(): void
    {
        foreach ([DType::FP16, DType::BF16] as $dtype) {
            $format = Element::format($dtype);
            for ($bits = 0; $bits <= 0xffff; $bits++) {
                if ($format->bits($format->value($bits)) !== $bits) {
                    self::fail("$dtype->name $bits");
                }
            }
        }
        $half = fn (float $value) => Element::format(DType::FP16)->bits($value);
        self::assertSame([0x3c00, 0x3c02], [$half(1 + 2 ** -11), $half(1 + 3 * 2 ** -11)]);
        self::assertSame([0x0001, 0x7bff, 0], [$half(3.0e-8), $half(65519.99), $half(2 ** -25)]);
        $signalling = pack('L2', 0x7f800001, 0xff923456);
        $values = Tensor::packed(DType::FP32, [2], $signalling)->values();
        self::assertSame($signalling, Tensor::of(DType::FP32, [2], $values)->bytes());
    }

    /** A literal as a person writes it in PHP. */
    private static function literal(DType $dtype, string $text): mixed
    {
        $part = $dtype === DType::C64 ? DType::FP32 : DType::FP64;
        return match ($dtype) {
            DType::BOOL => $text === 'true',
            DType::BYTES => hex2bin(substr($text, 4)),
            DType::C64, DType::C128 => array_map(fn ($each) => self::float($part, $each), explode(';', $text)),
            DType::UINT64 => $text === (string) (int) $text ? (int) $text : $text,
            DType::FP16, DType::BF16, DType::FP32, DType::FP64 => self::float($dtype, $text),
            default => (int) $text,
        };
    }

    private static function float(DType $dtype, string $text): float
    {
        if (!str_starts_with($text, 'nan:')) {
            return ['inf' => INF, '-inf' => -INF][$text] ?? (float) $text;
        }
        // The upper bits of a NaN's fraction are those of the wider format's.
        $width = ['FP16' => 10, 'BF16' => 7, 'FP32' => 23, 'FP64' => 52][$dtype->name];
        $fraction = (hexdec(substr($text, 4)) & ((1 << $width) - 1)) << (52 - $width);
        return unpack('d', pack('q', 0x7ff << 52 | $fraction))[1];
    }

    /** Values that compare bit for bit. */
    private static function exact(array $values): array
    {
        return array_map(fn (mixed $value) => match (true) {
            is_float($value) => bin2hex(pack('d', $value)),
            is_array($value) => self::exact($value),
            default => $value,
        }, $values);
    }
}
