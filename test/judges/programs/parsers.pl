# Manifests of messages as two Perl parsers read them; the same lines in and out as parsers.py.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Email::MIME;
use Encode qw(decode encode);
use JSON::PP;
use MIME::Parser;

my $json = JSON::PP->new->utf8->canonical;

sub row {
    my ($name, $type, $data) = @_;
    return [ $name, $type, sha256_hex($data), length $data ];
}

# RFC 2231, segments joined by the parser; some parsers leave bytes, some characters.
sub text_of {
    my ($value) = @_;
    return '' unless defined $value;
    return $value if utf8::is_utf8($value);
    my $text = eval { decode('UTF-8', $value, Encode::FB_CROAK | Encode::LEAVE_SRC) };
    return defined $text ? $text : $value;
}

sub mime_parser {
    my ($data) = @_;
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->extract_nested_messages(0);
    my $entity = $parser->parse_data($data);
    die 'errors: ' . join('; ', $parser->results->errors) . "\n" if $parser->results->errors;
    my @preamble = grep { /\S/ } @{ $entity->preamble || [] };
    die "preamble\n" if @preamble;
    return [
        map { row(text_of($_->head->recommended_filename), lc $_->mime_type, $_->bodyhandle ? $_->bodyhandle->as_string : '') }
        grep { !$_->is_multipart } $entity->parts_DFS
    ];
}

sub email_mime {
    my ($data) = @_;
    my @rows;
    Email::MIME->new($data)->walk_parts(sub {
        my ($part) = @_;
        return if $part->subparts;
        my ($type) = split /;/, $part->content_type;
        push @rows, row(text_of($part->filename), lc $type, $part->body);
    });
    return \@rows;
}

my %parsers = ('MIME::Parser' => \&mime_parser, 'Email::MIME' => \&email_mime);

$| = 1;
while (my $line = <STDIN>) {
    my $path = encode('UTF-8', $json->decode($line)->{file});
    open my $in, '<:raw', $path or die "$path: $!";
    my $data = do { local $/; <$in> };
    my %answer;
    for my $name (keys %parsers) {
        $answer{$name} = eval { $parsers{$name}->($data) } // "$@";
    }
    print $json->encode(\%answer), "\n";
}
