<?php

// Which digit is this? Load, introspect, run, print.
//   php examples/digits.php path/to/saved_model

declare(strict_types=1);

use Stele\DType;
use Stele\Model;
use Stele\SteleException;
use Stele\Tensor;

require 'vendor/autoload.php';

const IMAGE = [
    0, 0, 5, 13, 12, 3, 0, 0,
    0, 2, 15, 11, 12, 14, 1, 0,
    0, 5, 14, 1, 1, 14, 6, 0,
    0, 7, 12, 0, 0, 10, 8, 0,
    0, 7, 11, 0, 0, 10, 8, 0,
    0, 5, 13, 0, 1, 13, 6, 0,
    0, 1, 14, 10, 12, 14, 1, 0,
    0, 0, 5, 14, 12, 3, 0, 0,
];

$model = new Model($argv[1]);
$signature = $model->signatures['serving_default'];
echo "signature $signature->name\n";
echo "input {$signature->inputs[0]}\n";
echo "output {$signature->outputs[0]}\n";

$outputs = $model->run(['image' => Tensor::of(DType::FP32, [1, 8, 8, 1], IMAGE)]);
$probabilities = $outputs['probabilities']->values();
echo 'digit ', array_search(max($probabilities), $probabilities), "\n";
echo 'probabilities', vsprintf(str_repeat(' %.6F', count($probabilities)), $probabilities), "\n";

// Without the batch: refused before TensorFlow sees it.
try {
    $model->run(['image' => Tensor::of(DType::FP32, [8, 8, 1], IMAGE)]);
} catch (SteleException $error) {
    echo "refused {$error->line()}\n";
}
