<?php

declare(strict_types=1);

namespace Stele;

/**
 * What went wrong: the message names the culprit, the status says of what kind it is;
 * getCode() is its number.
 */
final class SteleException extends \RuntimeException
{
    public function __construct(public readonly Code $status, string $message)
    {
        parent::__construct($message, $status->value);
    }

    /** "NOT_FOUND: no SavedModel at …" */
    public function line(): string
    {
        return "{$this->status->name}: {$this->getMessage()}";
    }
}
