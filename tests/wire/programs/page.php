<?php
// A page of the web as it is: php-fpm puts its own header lines before it.
header('Content-Type: text/html; charset=utf-8');
setcookie('seen', 'yes');
?>
<h1>Hello, <?= htmlspecialchars(urldecode($_SERVER['QUERY_STRING'])) ?></h1>
