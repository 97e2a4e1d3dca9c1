# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tokenshim_global_optspecs
    string join \n h/help V/version
end

function __fish_tokenshim_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_tokenshim_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_tokenshim_using_subcommand
    set -l cmd (__fish_tokenshim_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tokenshim -n "__fish_tokenshim_needs_command" -s h -l help -d 'Print help'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -s V -l version -d 'Print version'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "install" -d 'Puts tokenshim before a real driver: a copy of the driver library, and a section of odbcinst.ini'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "uninstall" -d 'Takes back what install wrote, and removes the copy of the driver library that nobody else uses'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "upgrade" -d 'Makes each copy of the driver library anew, after tokenshim was upgraded'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "doctor" -d 'Looks at everything between a data source and its connection, and says what is wrong and what to do'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "list" -d 'Lists the driver sections that are tokenshim\'s, their data sources, and what is known of their tokens without asking anybody'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "keys" -d 'Lists the keys that a driver section or a data source may have'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "token" -d 'Prints the token that a connect to a data source would get'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "login" -d 'Lets somebody sign in, in a browser or by a code, for programs of this user that may not ask'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "logout" -d 'Forgets the sign-in, and the token, that are kept for a data source'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "register-app" -d 'Registers an application in a Databricks account, for sign-ins with a browser'
complete -c tokenshim -n "__fish_tokenshim_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -l real -d 'File of the real driver: a path, or a name in the folders where distributions keep drivers' -r -F
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -l profile -d 'How the driver takes a token (TokenProfile); by default known from the real driver\'s file name' -r
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -l source -d 'Where the token comes from (TokenSource); without it only data sources that say so get one' -r
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -l set -d 'A further key of tokenshim\'s (see tokenshim keys), as often as needed; no secret, for others may read command lines' -r
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -l library -d 'The driver library to copy; by default the one beside this command or in ../lib/tokenshim' -r -F
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -l copy -d 'Where the copy goes; by default beside the driver library, named after the real driver' -r -F
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -l driver-manager -d 'The driver manager whose files count' -r -f -a "unixodbc\t''
iodbc\t''"
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -l dry-run -d 'Shows what would change in odbcinst.ini, secrets masked, and changes nothing'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand uninstall" -l driver-manager -d 'The driver manager whose files count' -r -f -a "unixodbc\t''
iodbc\t''"
complete -c tokenshim -n "__fish_tokenshim_using_subcommand uninstall" -l dry-run -d 'Shows what would change in odbcinst.ini, secrets masked, and changes nothing'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand uninstall" -s h -l help -d 'Print help'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand upgrade" -l library -d 'The driver library to copy; by default the one beside this command or in ../lib/tokenshim' -r -F
complete -c tokenshim -n "__fish_tokenshim_using_subcommand upgrade" -l driver-manager -d 'The driver manager whose files count' -r -f -a "unixodbc\t''
iodbc\t''"
complete -c tokenshim -n "__fish_tokenshim_using_subcommand upgrade" -l dry-run -d 'Shows which copies are old, and changes nothing'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand upgrade" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand doctor" -l driver-manager -d 'The driver manager whose files count' -r -f -a "unixodbc\t''
iodbc\t''"
complete -c tokenshim -n "__fish_tokenshim_using_subcommand doctor" -l json -d 'Prints one JSON object: data_source, state, and checks, each with check, state, words, details, next'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand list" -l driver-manager -d 'The driver manager whose files count' -r -f -a "unixodbc\t''
iodbc\t''"
complete -c tokenshim -n "__fish_tokenshim_using_subcommand list" -s h -l help -d 'Print help'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand keys" -s h -l help -d 'Print help'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand token" -l driver-manager -d 'The driver manager whose files count' -r -f -a "unixodbc\t''
iodbc\t''"
complete -c tokenshim -n "__fish_tokenshim_using_subcommand token" -l expiry -d 'Prints when the token ends, in UTC, in place of the token'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand token" -l show -d 'Prints the token on a terminal, too'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand login" -l driver-manager -d 'The driver manager whose files count' -r -f -a "unixodbc\t''
iodbc\t''"
complete -c tokenshim -n "__fish_tokenshim_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand logout" -l driver-manager -d 'The driver manager whose files count' -r -f -a "unixodbc\t''
iodbc\t''"
complete -c tokenshim -n "__fish_tokenshim_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand register-app" -l name -d 'The application\'s name' -r
complete -c tokenshim -n "__fish_tokenshim_using_subcommand register-app" -l redirect-url -d 'Where browsers may come back to, as often as needed' -r
complete -c tokenshim -n "__fish_tokenshim_using_subcommand register-app" -l scope -d 'What it may ask for, as often as needed; by default sql and offline_access' -r
complete -c tokenshim -n "__fish_tokenshim_using_subcommand register-app" -l accounts-host -d 'The account\'s host: accounts.azuredatabricks.net in Azure, accounts.gcp.databricks.com on Google Cloud' -r
complete -c tokenshim -n "__fish_tokenshim_using_subcommand register-app" -l secret-file -d 'A new file for the secret, which is then its owner\'s alone' -r -F
complete -c tokenshim -n "__fish_tokenshim_using_subcommand register-app" -l timeout -d 'How long the account may take' -r
complete -c tokenshim -n "__fish_tokenshim_using_subcommand register-app" -l public -d 'Without a secret, for programs on people\'s own machines'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand register-app" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "install" -d 'Puts tokenshim before a real driver: a copy of the driver library, and a section of odbcinst.ini'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "uninstall" -d 'Takes back what install wrote, and removes the copy of the driver library that nobody else uses'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "upgrade" -d 'Makes each copy of the driver library anew, after tokenshim was upgraded'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "doctor" -d 'Looks at everything between a data source and its connection, and says what is wrong and what to do'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "list" -d 'Lists the driver sections that are tokenshim\'s, their data sources, and what is known of their tokens without asking anybody'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "keys" -d 'Lists the keys that a driver section or a data source may have'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "token" -d 'Prints the token that a connect to a data source would get'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "login" -d 'Lets somebody sign in, in a browser or by a code, for programs of this user that may not ask'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "logout" -d 'Forgets the sign-in, and the token, that are kept for a data source'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "register-app" -d 'Registers an application in a Databricks account, for sign-ins with a browser'
complete -c tokenshim -n "__fish_tokenshim_using_subcommand help; and not __fish_seen_subcommand_from install uninstall upgrade doctor list keys token login logout register-app help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
