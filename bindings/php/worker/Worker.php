<?php

declare(strict_types=1);

namespace Stele\Worker;

use FFI;
use FFI\CData;
use Generator;
use Stele\Code;
use Stele\DType;
use Stele\Libstele;
use Stele\Model;
use Stele\Signature;
use Stele\SteleException;
use Stele\Tensor;
use Stele\TensorInfo;
use Throwable;

/**
 * The package behind the worker protocol: the kit of bindings/c/kit does the protocol, and
 * this makes and reads tensors with the constructor and the accessor that users call.
 */
final class Worker
{
    private const LOAD = 1;
    private const RUN = 2;
    private const UNLOAD = 3;

    private FFI $kit;
    private CData $worker;
    private ?Model $model = null;

    public function __construct(string $binding)
    {
        $path = Libstele::path('libstele_worker.so.1');
        $this->kit = FFI::cdef((string) file_get_contents(__DIR__ . '/worker.h'), $path);
        $this->worker = $this->kit->stele_worker_new($binding, 'PHP ' . PHP_VERSION, null);
    }

    /** Answers requests until there are no more. */
    public function serve(): void
    {
        while (($request = $this->kit->stele_worker_next($this->worker)) !== null) {
            $this->answer($request);
        }
        $this->model?->close();
        $this->kit->stele_worker_free($this->worker);
    }

    private function answer(CData $request): void
    {
        try {
            switch ($request->verb) {
                case self::LOAD:
                    $this->load($request);
                    break;
                case self::RUN:
                    $this->run($request);
                    break;
                case self::UNLOAD:
                    $this->model = null;
                    break;
                default:
                    $this->kit->stele_worker_unsupported($this->worker, "verb $request->verb of the kit");
                    return;
            }
            $this->kit->stele_worker_ok($this->worker);
        } catch (Throwable $error) {
            $code = $error instanceof SteleException ? $error->status : Code::INTERNAL;
            $this->kit->stele_worker_error($this->worker, $code->value, $error->getMessage());
        }
    }

    private function load(CData $request): void
    {
        $config = $request->config_size > 0 ? FFI::string($request->config, $request->config_size) : '';
        $tags = FFI::string($request->tags);
        $model = new Model(
            FFI::string($request->dir),
            tags: $tags === '' ? [] : explode(',', $tags),
            profile: $request->profile === null ? null : FFI::string($request->profile),
            config: $request->config === null ? null : $config
        );
        foreach ($model->signatures as $signature) {
            foreach ($signature->inputs as $info) {
                $this->describe($signature, 0, $info);
            }
            foreach ($signature->outputs as $info) {
                $this->describe($signature, 1, $info);
            }
        }
        $this->model = $model;
    }

    private function describe(Signature $signature, int $isOutput, TensorInfo $info): void
    {
        $rank = $info->shape === null ? -1 : count($info->shape);
        $dims = Libstele::dims(array_map(fn (?int $size) => $size ?? -1, $info->shape ?? []));
        $this->kit->stele_worker_describe(
            $this->worker,
            $signature->name,
            $isOutput,
            $info->name,
            $info->dtype,
            $rank,
            $dims
        );
    }

    private function run(CData $request): void
    {
        $signature = FFI::string($request->signature);
        $given = [];
        for ($index = 0; $index < $request->n_inputs; $index++) {
            $input = $request->inputs[$index];
            $given[] = [FFI::string($input->name), $this->read($input)];
        }
        // An array would not have a name twice.
        $inputs = function () use ($given): Generator {
            foreach ($given as [$name, $tensor]) {
                yield $name => $tensor;
            }
        };
        $outputs = [];
        while ($this->kit->stele_worker_again($this->worker) === 1) {
            $outputs = $this->model->run($inputs(), $signature);
        }
        foreach ($outputs as $name => $tensor) {
            $this->write((string) $name, $tensor);
        }
    }

    /** A tensor of PHP's values. */
    private function read(CData $input): Tensor
    {
        $dtype = DType::from($input->dtype);
        $shape = Libstele::numbers($input->dims, $input->rank);
        $bytes = (string) file_get_contents(FFI::string($input->path));
        $values = $dtype === DType::BYTES ? $this->strings($bytes) : Tensor::packed($dtype, $shape, $bytes)->values();
        return Tensor::of($dtype, $shape, $values);
    }

    /** Each behind its length; the kit has checked these. */
    private function strings(string $bytes): array
    {
        $strings = [];
        for ($at = 0; $at < strlen($bytes); $at += 4 + $size) {
            $size = unpack('V', $bytes, $at)[1];
            $strings[] = substr($bytes, $at + 4, $size);
        }
        return $strings;
    }

    private function write(string $name, Tensor $tensor): void
    {
        $bytes = $this->stored($tensor);
        [$dtype, $rank] = [$tensor->dtype->value, count($tensor->shape)];
        $dims = Libstele::dims($tensor->shape);
        $path = $this->kit->stele_worker_output($this->worker, $name, $dtype, $rank, $dims, strlen($bytes));
        // The kit knows why there is none.
        if ($path !== null) {
            file_put_contents($path, $bytes);
        }
    }

    /** The bytes of what users read. */
    private function stored(Tensor $tensor): string
    {
        $values = $tensor->values();
        if ($tensor->dtype !== DType::BYTES) {
            return Tensor::of($tensor->dtype, $tensor->shape, $values)->bytes();
        }
        return implode(array_map(fn (string $value) => pack('V', strlen($value)) . $value, $values));
    }
}
