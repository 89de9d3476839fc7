<?php

// The worker of the binding "php".

declare(strict_types=1);

require 'vendor/autoload.php';

(new Stele\Worker\Worker('php'))->serve();
