<?php
// The variables of the server, each with a NUL after it.
echo "20 application/octet-stream\r\n";
foreach ($_SERVER as $name => $value)
    if (is_string($value))
        echo "$name=$value\0";
