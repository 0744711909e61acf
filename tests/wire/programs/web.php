<?php
// A program of the web that answers with statuses of HTTP.
switch ($_SERVER['PATH_INFO'] ?? '') {
case '/moved':
    header('Location: /elsewhere/', true, 301);
    exit;
case '/form':
    http_response_code(405);
    exit;
case '/secret':
    http_response_code(403);
    exit;
case '/broken':
    http_response_code(500);
    exit;
case '':
case '/':
    header('Content-Type: text/plain; charset=utf-8');
    echo "Welcome\n";
    exit;
default:
    http_response_code(404);
}
