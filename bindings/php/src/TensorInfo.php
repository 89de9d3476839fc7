<?php

declare(strict_types=1);

namespace Stele;

use FFI;
use FFI\CData;

/** An input or output of a signature. */
final class TensorInfo
{
    /**
     * @param string $dtype "FP32"; "TF_20" for a type of TensorFlow's that has no name here
     * @param ?list<?int> $shape null for an unknown rank, with null for each unknown size
     * @param bool $optional whether the SignatureDef has a default, so that a run may leave it out
     */
    private function __construct(
        public readonly string $name,
        public readonly string $dtype,
        public readonly ?array $shape,
        public readonly bool $optional
    ) {
    }

    /** @internal */
    public static function read(CData $info): self
    {
        $sizes = Libstele::numbers($info->dims, $info->rank);
        $shape = array_map(fn (int $size) => $size < 0 ? null : $size, $sizes);
        return new self(
            FFI::string($info->name),
            FFI::string($info->dtype_name),
            $info->rank < 0 ? null : $shape,
            $info->default_value !== null
        );
    }

    /** "image FP32 [?,8,8,1]" */
    public function __toString(): string
    {
        $sizes = implode(',', array_map(fn (?int $size) => $size ?? '?', $this->shape ?? []));
        return "$this->name $this->dtype " . ($this->shape === null ? '?' : "[$sizes]");
    }
}
