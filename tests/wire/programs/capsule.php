<?php
// A page of a capsule.
$name = urldecode($_SERVER['QUERY_STRING']);
if ($name === '') {
    echo "10 Your name\r\n";
    exit;
}
echo "20 text/gemini\r\n# Hello, $name\n";
echo 'by ', $_SERVER['SERVER_PROTOCOL'], ' to ', $_SERVER['SCRIPT_NAME'],
    $_SERVER['PATH_INFO'] ?? '', "\n";
