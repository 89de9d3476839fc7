<?php

declare(strict_types=1);

namespace Stele;

use FFI;
use FFI\CData;

/**
 * libstele's C interface, loaded by the first call.
 *
 * @internal
 */
final class Libstele
{
    public const ABI = 1;

    private static ?FFI $library = null;

    /** The stele_error, which each call fills in or clears: a new one would cost a small call. */
    private static ?CData $error = null;

    public static function get(): FFI
    {
        return self::$library ??= self::open();
    }

    /** The library in $STELE_LIBSTELE, a file or its folder; else what the system's loader finds. */
    public static function path(string $file): string
    {
        $given = getenv('STELE_LIBSTELE');
        if ($given === false || $given === '') {
            return $file;
        }
        return is_dir($given) ? "$given/$file" : $given;
    }

    private static function open(): FFI
    {
        try {
            $library = FFI::cdef(
                (string) file_get_contents(__DIR__ . '/libstele.h'),
                self::path('libstele.so.' . self::ABI)
            );
        } catch (FFI\Exception $error) {
            throw new SteleException(
                Code::NOT_FOUND,
                "no libstele: {$error->getMessage()}; set STELE_LIBSTELE to the file or its folder"
            );
        }
        $abi = $library->stele_abi();
        if ($abi !== self::ABI) {
            $message = "libstele has ABI $abi, and " . self::ABI . ' is needed';
            throw new SteleException(Code::FAILED_PRECONDITION, $message);
        }
        return $library;
    }

    /** Calls what can fail and takes a stele_error at the end. */
    public static function checked(string $function, mixed ...$arguments): mixed
    {
        $library = self::get();
        $error = self::$error ??= $library->new('stele_error');
        $arguments[] = FFI::addr($error);
        $result = $library->{$function}(...$arguments);
        if ($error->code === 0) {
            return $result;
        }
        throw new SteleException(Code::tryFrom($error->code) ?? Code::UNKNOWN, FFI::string($error->message));
    }

    /** Memory that holds these bytes and a NUL, as long as the caller keeps it. */
    public static function memory(string $bytes): CData
    {
        $size = strlen($bytes) + 1;
        $memory = FFI::new("char[$size]");
        FFI::memcpy($memory, "$bytes\0", $size);
        return $memory;
    }

    /** Memory that holds the sizes of a shape; null of a scalar. */
    public static function dims(array $shape): ?CData
    {
        if ($shape === []) {
            return null;
        }
        $dims = FFI::new('int64_t[' . count($shape) . ']');
        FFI::memcpy($dims, pack('q*', ...$shape), 8 * count($shape));
        return $dims;
    }

    /**
     * The numbers at a pointer.
     *
     * @return list<int>
     */
    public static function numbers(?CData $pointer, int $count): array
    {
        return $count > 0 ? array_values(unpack('q*', FFI::string($pointer, 8 * $count))) : [];
    }

    /** A text on its way to C, where it ends at a NUL. Not every path is UTF-8; a name is. */
    public static function text(string $text, bool $path = false): string
    {
        if (str_contains($text, "\0")) {
            $shown = str_replace("\0", '\0', $text);
            throw new SteleException(Code::INVALID_ARGUMENT, "a name or path holds a NUL: \"$shown\"");
        }
        if (!$path && preg_match('//u', $text) !== 1) {
            $shown = preg_replace('/[\x80-\xff]/', '?', $text);
            throw new SteleException(Code::INVALID_ARGUMENT, "a name is not UTF-8: \"$shown\"");
        }
        return $text;
    }
}
