<?php

declare(strict_types=1);

namespace Stele;

use FFI;
use FFI\CData;

/** One way to call a model; inputs and outputs are sorted by name. */
final class Signature
{
    /**
     * @param list<TensorInfo> $inputs
     * @param list<TensorInfo> $outputs
     */
    private function __construct(
        public readonly string $name,
        public readonly array $inputs,
        public readonly array $outputs
    ) {
    }

    /** @internal */
    public static function read(CData $signature): self
    {
        $inputs = $outputs = [];
        for ($index = 0; $index < $signature->n_inputs; $index++) {
            $inputs[] = TensorInfo::read($signature->inputs[$index]);
        }
        for ($index = 0; $index < $signature->n_outputs; $index++) {
            $outputs[] = TensorInfo::read($signature->outputs[$index]);
        }
        return new self(FFI::string($signature->name), $inputs, $outputs);
    }
}
