<?php

declare(strict_types=1);

namespace Stele\Tests;

use Stele\Code;
use Stele\DType;
use Stele\Model;
use Stele\SteleException;
use Stele\Tensor;

/** Loading, running, refusing; closing, collecting and forking. */
final class ModelTest extends TestCase
{
    public function testSaysWhatItTakesAndGives(): void
    {
        $model = new Model(self::model('digits'));
        self::assertSame(['serve', 'serving_default'], array_keys($model->signatures));
        $input = $model->signatures['serving_default']->inputs[0];
        self::assertSame(['FP32', [null, 8, 8, 1], false], [$input->dtype, $input->shape, $input->optional]);
        self::assertMatchesRegularExpression('/^2\./', Model::tensorflowVersion());
    }

    public function testRefusesWhatItCannotLoad(): void
    {
        $digits = self::model('digits');
        $message = self::refused(fn () => new Model('no/such'), Code::NOT_FOUND);
        self::assertSame('no SavedModel at "no/such": no such folder', $message);
        $message = self::refused(fn () => new Model($digits, tags: ['other']), Code::NOT_FOUND);
        self::assertStringContainsString('other', $message);
        $message = self::refused(fn () => new Model($digits, profile: 'fast'));
        self::assertStringContainsString('inline', $message);
        self::refused(fn () => new Model($digits, config: "\xff"));
        self::refused(fn () => new Model($digits, config: '', profile: 'inline'));
    }

    public function testRefusesANul(): void
    {
        $nul = "image\0y";
        $model = new Model(self::model('digits'));
        foreach (
            [
                fn () => $model->run([$nul => self::blank()]),
                fn () => $model->run(['image' => self::blank()], $nul),
                fn () => new Model($nul),
                fn () => new Model(self::model('digits'), tags: [$nul]),
                fn () => new Model(self::model('digits'), profile: $nul),
                fn () => new Model(self::model('digits'), libtensorflow: $nul),
            ] as $call
        ) {
            self::assertSame('a name or path holds a NUL: "image\0y"', self::refused($call));
        }
    }

    public function testRefusesInputsThatDoNotFit(): void
    {
        $model = new Model(self::model('digits'));
        $zeros = array_fill(0, 64, 0);
        $twice = function () {
            yield 'image' => self::blank();
            yield 'image' => self::blank();
        };
        foreach (
            [
                'missing' => [],
                'has shape [64], expected [?,8,8,1]' => ['image' => Tensor::of(DType::FP32, [64], $zeros)],
                'has dtype FP64, expected FP32' => ['image' => Tensor::of(DType::FP64, [1, 8, 8, 1], $zeros)],
                'twice' => $twice(),
                'no input "7"' => [7 => self::blank()],
                'is a array, not a Stele\Tensor' => ['image' => $zeros],
                'not UTF-8' => ["\xff" => self::blank()],
            ] as $message => $inputs
        ) {
            self::assertStringContainsString($message, self::refused(fn () => $model->run($inputs)));
        }
        $message = self::refused(fn () => $model->run(['image' => self::blank()], 'none'), Code::NOT_FOUND);
        self::assertStringContainsString('serving_default', $message);
    }

    public function testRefusesCallsWhenItIsClosed(): void
    {
        $model = new Model(self::model('digits'));
        $outputs = $model->run(['image' => self::blank()]);
        $model->close();
        $model->close();
        self::assertTrue($model->isClosed());
        $message = self::refused(fn () => $model->run(['image' => self::blank()]), Code::FAILED_PRECONDITION);
        self::assertSame('the model is closed', $message);
        self::assertEqualsWithDelta(1, array_sum($outputs['probabilities']->values()), 1e-5);
        self::assertCount(2, $model->signatures);
    }

    public function testIsReleasedWithItsLastReference(): void
    {
        $model = new Model(self::model('digits'));
        $expected = $model->run(['image' => self::blank()])['probabilities']->bytes();
        $resident = fn () => (int) explode(' ', file_get_contents('/proc/self/statm'))[1];
        $before = $resident();
        for ($round = 0; $round < 20; $round++) {
            $model = new Model(self::model('digits'));
            self::assertSame($expected, $model->run(['image' => self::blank()])['probabilities']->bytes());
        }
        self::assertLessThan(100 * 256, $resident() - $before, 'pages that 20 models left behind');
    }

    public function testInputsOutliveTheCollector(): void
    {
        $model = new Model(self::model('dtypes'));
        for ($round = 0; $round < 200; $round++) {
            $texts = array_map(fn (int $index) => "$round/$index", range(0, 5));
            $inputs = (function () use ($texts) {
                yield 'x' => Tensor::of(DType::BYTES, [2, 3], $texts);
                gc_collect_cycles();
            })();
            self::assertSame($texts, $model->run($inputs, 'bytes')['same']->values());
        }
    }

    public function testAForkRefuses(): void
    {
        if (!function_exists('pcntl_fork')) {
            self::markTestSkipped('no pcntl');
        }
        $model = new Model(self::model('digits'));
        $child = pcntl_fork();
        if ($child === 0) {
            try {
                $model->run(['image' => self::blank()]);
                $signal = SIGTERM;
            } catch (SteleException $error) {
                $signal = $error->status === Code::FAILED_PRECONDITION ? SIGKILL : SIGTERM;
            }
            // Without PHPUnit's way out.
            posix_kill(getmypid(), $signal);
        }
        pcntl_waitpid($child, $status);
        self::assertSame(SIGKILL, pcntl_wtermsig($status));
        self::assertCount(10, $model->run(['image' => self::blank()])['probabilities']->values());
    }
}
