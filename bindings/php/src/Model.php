<?php

declare(strict_types=1);

namespace Stele;

use FFI;
use FFI\CData;

/** A SavedModel in memory, released by close() or with the last reference to it. */
final class Model
{
    /** @var array<string, Signature> by name, in the order of names */
    public readonly array $signatures;

    private ?CData $model = null;

    /**
     * Loads a SavedModel folder.
     *
     * @param list<string> $tags exactly those of the graph wanted
     * @param ?string $profile of the session: "default", "inline", "single" or "python"
     * @param ?string $config or a serialized ConfigProto
     * @param ?string $libtensorflow its file or folder, which is searched for unless given
     * @throws SteleException NOT_FOUND: the folder, its variables, such a graph or TensorFlow is
     *     missing; DATA_LOSS: a damaged model; INVALID_ARGUMENT: a profile or config that is none
     */
    public function __construct(
        string $dir,
        array $tags = ['serve'],
        ?string $profile = null,
        ?string $config = null,
        ?string $libtensorflow = null
    ) {
        $library = Libstele::get();
        $options = $library->new('stele_options');
        $options->struct_size = FFI::sizeof($options);
        $texts = [
            'tags' => Libstele::text(implode(',', $tags)),
            'profile' => $profile === null ? null : Libstele::text($profile),
            'config' => $config,
            'libtensorflow' => $libtensorflow === null ? null : Libstele::text($libtensorflow, path: true),
        ];
        $owned = array_map(fn (?string $text) => $text === null ? null : Libstele::memory($text), $texts);
        foreach (array_filter($owned) as $field => $memory) {
            $options->{$field} = FFI::addr($memory[0]);
        }
        $options->config_size = strlen($config ?? '');
        $this->model = Libstele::checked('stele_load', Libstele::text($dir, path: true), FFI::addr($options));
        $signatures = [];
        for ($index = 0; $index < $library->stele_signature_count($this->model); $index++) {
            $signature = Signature::read($library->stele_signature_at($this->model, $index));
            $signatures[$signature->name] = $signature;
        }
        $this->signatures = $signatures;
    }

    /**
     * The version of the TensorFlow in use, "2.21.0".
     *
     * @throws SteleException there is none
     */
    public static function tensorflowVersion(): string
    {
        return Libstele::checked('stele_tensorflow_version');
    }

    /**
     * Runs a signature.
     *
     * @param iterable<string, Tensor> $inputs by name
     * @return array<string, Tensor> outputs by name
     * @throws SteleException NOT_FOUND: a signature that there is not; INVALID_ARGUMENT: inputs that
     *     do not fit; FAILED_PRECONDITION: after close(); whatever TensorFlow answers
     */
    public function run(iterable $inputs, string $signature = 'serving_default'): array
    {
        if ($this->model === null) {
            throw new SteleException(Code::FAILED_PRECONDITION, 'the model is closed');
        }
        Libstele::text($signature);
        [$names, $tensors] = [[], []];
        foreach ($inputs as $name => $tensor) {
            $names[] = Libstele::text((string) $name);
            $tensors[] = $tensor instanceof Tensor ? $tensor : throw new SteleException(
                Code::INVALID_ARGUMENT,
                "input \"$name\" is a " . get_debug_type($tensor) . ', not a ' . Tensor::class
            );
        }
        $views = Libstele::get()->new('stele_tensor[' . max(1, count($names)) . ']');
        // Held until the call has ended: the views refer to it.
        $owned = [];
        foreach ($tensors as $index => $tensor) {
            $owned[] = $tensor->view($views[$index], $names[$index]);
        }
        return self::read(Libstele::checked('stele_run', $this->model, $signature, $views, count($names)));
    }

    /** @return array<string, Tensor> */
    private static function read(CData $outputs): array
    {
        try {
            $tensors = [];
            for ($index = 0; $index < $outputs->n_tensors; $index++) {
                $tensor = $outputs->tensors[$index];
                $tensors[FFI::string($tensor->name)] = Tensor::copy($tensor);
            }
            return $tensors;
        } finally {
            Libstele::get()->stele_outputs_free($outputs);
        }
    }

    /** Releases the model; further calls are refused. */
    public function close(): void
    {
        if ($this->model !== null) {
            Libstele::get()->stele_free($this->model);
            $this->model = null;
        }
    }

    public function isClosed(): bool
    {
        return $this->model === null;
    }

    public function __destruct()
    {
        $this->close();
    }

    /** A model is one thing, which is released once. */
    private function __clone()
    {
    }
}
