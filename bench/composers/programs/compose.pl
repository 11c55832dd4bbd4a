# Mails by three Perl composers: a case (JSON) a line in, {"mails": [base64 …]} a line out: MIME::Lite, Email::MIME, MIME::Entity.
use strict;
use warnings;
use Email::MIME;
use Encode qw(encode);
use JSON::PP;
use MIME::Base64 qw(decode_base64 encode_base64);
use MIME::Entity;
use MIME::Lite;

my $json = JSON::PP->new->utf8;

sub word { my ($text) = @_; return $text =~ /^[\x20-\x7e]*$/ && $text !~ /=\?/ ? $text : encode('MIME-Header', $text) }
sub mailbox {
    my ($name, $address) = @_;
    return $address if $name eq '';
    return $name =~ /^[\w ]+$/a ? "$name <$address>" : $name =~ /^[\x20-\x7e]*$/ ? '"' . ($name =~ s/(["\\])/\\$1/gr) . "\" <$address>" : word($name) . " <$address>";
}
my %perl_name = ('utf-8' => 'UTF-8', 'iso-2022-jp' => 'ISO-2022-JP', 'shift_jis' => 'Shift_JIS', 'euc-jp' => 'EUC-JP');
sub text_of { my ($case) = @_; return encode($perl_name{$case->{charset}}, join("\n", @{ $case->{text} }) . "\n") }
sub to_of { my ($case) = @_; return join ', ', map { mailbox(@$_) } @{ $case->{to} } }
sub cte { my ($case) = @_; return $case->{charset} eq 'iso-2022-jp' ? '7bit' : $case->{encoding} eq 'quoted-printable' ? 'quoted-printable' : 'base64' }

sub lite {
    my ($case) = @_;
    my @facts = (From => mailbox($case->{fromName}, $case->{from}), To => to_of($case), Subject => word($case->{subject}), Date => $case->{date}, 'Message-ID' => $case->{messageId});
    my $mail;
    if (@{ $case->{files} } || $case->{html} ne '') {
        $mail = MIME::Lite->new(@facts, Type => 'multipart/mixed');
        $mail->attach(Type => "text/plain; charset=$case->{charset}", Data => text_of($case), Encoding => cte($case));
        $mail->attach(Type => 'text/html; charset=utf-8', Data => encode('UTF-8', $case->{html}), Encoding => 'quoted-printable') if $case->{html} ne '';
        for my $file (@{ $case->{files} }) {
            $mail->attach(Type => $file->{type} eq 'message/rfc822' ? 'application/octet-stream' : $file->{type}, Data => decode_base64($file->{base64}), Encoding => 'base64', Filename => word($file->{name}), Disposition => 'attachment');
        }
    } else {
        $mail = MIME::Lite->new(@facts, Type => "text/plain; charset=$case->{charset}", Data => text_of($case), Encoding => cte($case));
    }
    return $mail->as_string;
}

sub email_mime {
    my ($case) = @_;
    my @parts = (Email::MIME->create(attributes => { content_type => 'text/plain', charset => $perl_name{$case->{charset}}, encoding => cte($case) }, body => text_of($case)));
    if ($case->{html} ne '') {
        my $html = Email::MIME->create(attributes => { content_type => 'text/html', charset => 'UTF-8', encoding => 'quoted-printable' }, body_str => $case->{html});
        push @parts, $html;
        # Of one part it makes the whole: two bodies stand in a multipart of their own only beside files.
        @parts = (Email::MIME->create(attributes => { content_type => 'multipart/alternative' }, parts => [@parts])) if @{ $case->{files} };
    }
    for my $file (@{ $case->{files} }) {
        my $type = $file->{type} eq 'message/rfc822' ? 'application/octet-stream' : $file->{type};
        push @parts, Email::MIME->create(attributes => { content_type => $type, encoding => 'base64', disposition => 'attachment', filename => $file->{name} }, body => decode_base64($file->{base64}));
    }
    my $mail = Email::MIME->create(
        header_str => [ From => mailbox($case->{fromName} =~ /^[\x20-\x7e]*$/ ? $case->{fromName} : '', $case->{from}), To => join(', ', map { $_->[1] } @{ $case->{to} }), Subject => $case->{subject}, Date => $case->{date}, 'Message-ID' => $case->{messageId} ],
        @parts > 1 ? (attributes => { content_type => @{ $case->{files} } ? 'multipart/mixed' : 'multipart/alternative' }) : (),
        parts => \@parts,
    );
    return $mail->as_string;
}

sub entity {
    my ($case) = @_;
    my @facts = (From => mailbox($case->{fromName}, $case->{from}), To => to_of($case), Subject => word($case->{subject}), Date => $case->{date}, 'Message-ID' => $case->{messageId});
    my $mail;
    if (@{ $case->{files} } || $case->{html} ne '') {
        $mail = MIME::Entity->build(@facts, Type => 'multipart/mixed');
        $mail->attach(Type => 'text/plain', Charset => $case->{charset}, Data => text_of($case), Encoding => cte($case));
        $mail->attach(Type => 'text/html', Charset => 'utf-8', Data => encode('UTF-8', $case->{html}), Encoding => 'quoted-printable') if $case->{html} ne '';
        for my $file (@{ $case->{files} }) {
            my $type = $file->{type} eq 'message/rfc822' ? 'application/octet-stream' : $file->{type};
            $mail->attach(Type => $type, Data => decode_base64($file->{base64}), Encoding => 'base64', Filename => word($file->{name}), Disposition => 'attachment');
        }
    } else {
        $mail = MIME::Entity->build(@facts, Type => 'text/plain', Charset => $case->{charset}, Data => text_of($case), Encoding => cte($case));
    }
    return $mail->stringify;
}

my %makers = (lite => \&lite, email_mime => \&email_mime, entity => \&entity);
$| = 1;
while (my $line = <STDIN>) {
    my $case = $json->decode($line);
    my $text = $makers{ $case->{maker} }->($case);
    $text =~ s/\r?\n/\r\n/g;
    print $json->encode({ mails => [ encode_base64($text, '') ] }), "\n";
}
