#!/usr/bin/perl
# A CGI program in Perl: the files beside it.
use strict;
use warnings;

print "20 text/gemini; lang=en\r\n# Files\r\n";
opendir my $folder, '.' or die "cannot read the folder: $!\n";
print "* $_\r\n" for sort grep { !/^\./ } readdir $folder;
