<?php

declare(strict_types=1);

namespace Stele;

use FFI;
use FFI\CData;

/** A tensor: a dtype, a shape, and elements in row-major order. Immutable. */
final class Tensor
{
    /**
     * @param list<int> $shape
     * @param string|list<string> $memory
     */
    private function __construct(
        public readonly DType $dtype,
        public readonly array $shape,
        private readonly string|array $memory
    ) {
    }

    /**
     * What a caller gives, whose number of elements has to be the shape's.
     *
     * @param list<int> $shape
     * @param string|list<string> $memory
     */
    private static function given(DType $dtype, array $shape, string|array $memory): self
    {
        $tensor = new self($dtype, $shape, $memory);
        $needed = $tensor->elements();
        $given = is_array($memory) ? count($memory) : strlen($memory) / $dtype->size();
        if ($needed !== $given) {
            $message = "shape {$tensor->shapeText()} has $needed elements, $given given";
            throw new SteleException(Code::INVALID_ARGUMENT, $message);
        }
        return $tensor;
    }

    /**
     * A tensor of values: int, float, bool, [real, imaginary] or string, as the dtype wants.
     *
     * @param list<int> $shape sizes, [] for a scalar
     * @param list<mixed> $values
     * @throws SteleException INVALID_ARGUMENT: a value does not fit the dtype, or their number
     *     the shape
     */
    public static function of(DType $dtype, array $shape, array $values): self
    {
        if ($dtype !== DType::BYTES) {
            return self::given($dtype, $shape, Element::pack($dtype, array_values($values)));
        }
        foreach ($values as $value) {
            Element::require(is_string($value), $value, $dtype);
        }
        return self::given($dtype, $shape, array_values($values));
    }

    /**
     * A tensor of memory as it is: elements in the machine's byte order. Of any dtype but BYTES.
     *
     * @param list<int> $shape
     * @throws SteleException INVALID_ARGUMENT: their number is not that of the shape; BYTES
     */
    public static function packed(DType $dtype, array $shape, string $bytes): self
    {
        if ($dtype === DType::BYTES) {
            throw new SteleException(Code::INVALID_ARGUMENT, 'BYTES has no memory of its own; use of');
        }
        return self::given($dtype, $shape, $bytes);
    }

    /**
     * A copy of an output, which C has checked.
     *
     * @internal
     */
    public static function copy(CData $tensor): self
    {
        $dtype = DType::from($tensor->dtype);
        $shape = Libstele::numbers($tensor->dims, $tensor->rank);
        if ($dtype !== DType::BYTES) {
            return new self($dtype, $shape, $tensor->size > 0 ? FFI::string($tensor->data, $tensor->size) : '');
        }
        $strings = [];
        $elements = Libstele::get()->cast('stele_bytes *', $tensor->data);
        for ($index = 0; $index < $tensor->size / $dtype->size(); $index++) {
            $element = $elements[$index];
            $strings[] = $element->size > 0 ? FFI::string($element->data, $element->size) : '';
        }
        return new self($dtype, $shape, $strings);
    }

    /**
     * The elements in row-major order.
     *
     * @return list<mixed>
     */
    public function values(): array
    {
        return is_array($this->memory) ? $this->memory : Element::unpack($this->dtype, $this->memory);
    }

    /**
     * The memory of the elements.
     *
     * @throws SteleException INVALID_ARGUMENT: BYTES, whose elements lie apart
     */
    public function bytes(): string
    {
        if (is_array($this->memory)) {
            throw new SteleException(Code::INVALID_ARGUMENT, 'BYTES has no memory of its own; use values');
        }
        return $this->memory;
    }

    /** "FP32 [1,8,8,1]" */
    public function __toString(): string
    {
        return "{$this->dtype->name} {$this->shapeText()}";
    }

    /**
     * Fills a stele_tensor, and returns what it refers to and the caller keeps.
     *
     * @internal
     * @return list<?CData>
     */
    public function view(CData $view, string $name): array
    {
        $owned = [Libstele::memory($name), Libstele::dims($this->shape)];
        $view->name = FFI::addr($owned[0][0]);
        $view->dtype = $this->dtype->value;
        $view->rank = count($this->shape);
        $view->dims = $owned[1] === null ? null : FFI::addr($owned[1][0]);
        $data = Libstele::memory(is_array($this->memory) ? implode($this->memory) : $this->memory);
        $owned[] = $data;
        $view->size = FFI::sizeof($data) - 1;
        if (is_array($this->memory)) {
            $owned[] = $data = $this->strings($data);
            $view->size = count($this->memory) * $this->dtype->size();
        }
        $view->data = FFI::addr($data[0]);
        return $owned;
    }

    /** The stele_bytes over memory that has all strings. */
    private function strings(CData $memory): CData
    {
        $views = Libstele::get()->new('stele_bytes[' . max(1, count($this->memory)) . ']');
        $next = FFI::addr($memory[0]);
        foreach ($this->memory as $index => $string) {
            $views[$index]->data = $next;
            $views[$index]->size = strlen($string);
            $next += strlen($string);
        }
        return $views;
    }

    private function shapeText(): string
    {
        return '[' . implode(',', $this->shape) . ']';
    }

    /** How many the shape says, checked by C. */
    private function elements(): int
    {
        foreach ($this->shape as $size) {
            if (!is_int($size)) {
                throw new SteleException(Code::INVALID_ARGUMENT, "shape {$this->shapeText()} is not of integers");
            }
        }
        $tensor = Libstele::get()->new('stele_tensor');
        $tensor->dtype = $this->dtype->value;
        $tensor->rank = count($this->shape);
        $dims = Libstele::dims($this->shape);
        $tensor->dims = $dims === null ? null : FFI::addr($dims[0]);
        $size = FFI::new('uint64_t');
        Libstele::checked('stele_tensor_size', FFI::addr($tensor), FFI::addr($size));
        return intdiv($size->cdata, $this->dtype->size());
    }
}
