<?php

declare(strict_types=1);

namespace Stele\Tests;

use Stele\Code;
use Stele\DType;
use Stele\SteleException;
use Stele\Tensor;

/** What the tests share. */
abstract class TestCase extends \PHPUnit\Framework\TestCase
{
    protected static function model(string $name): string
    {
        return getenv('STELE_BUILD') . "/models/$name/saved_model";
    }

    /** @return list<list<string>> the rows of a table of the contract */
    protected static function table(string $name, string ...$header): array
    {
        $lines = file(__DIR__ . "/../../contract/$name", FILE_IGNORE_NEW_LINES);
        self::assertSame($header, explode("\t", array_shift($lines)));
        $rows = [];
        foreach ($lines as $line) {
            if ($line[0] !== '#') {
                $rows[] = explode("\t", $line);
                self::assertCount(count($header), end($rows), $line);
            }
        }
        return $rows;
    }

    protected static function blank(int $batch = 1): Tensor
    {
        return Tensor::of(DType::FP32, [$batch, 8, 8, 1], array_fill(0, 64 * $batch, 0.0));
    }

    /** The message of a refusal with this code. */
    protected static function refused(callable $call, Code $code = Code::INVALID_ARGUMENT): string
    {
        try {
            $call();
        } catch (SteleException $error) {
            self::assertSame($code, $error->status, $error->getMessage());
            self::assertSame($code->value, $error->getCode());
            return $error->getMessage();
        }
        self::fail('not refused');
    }
}
