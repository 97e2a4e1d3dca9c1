//! What stands in the folder and is not to be believed, or of no more use.

use super::*;

#[test]
fn what_is_no_token_is_replaced() {
    for text in ["", "{", "\0\0\0\0", r#"{"version":1,"access_token":"x","came_unix_ms":99999999999999}"#] {
        let caches = Caches::new();
        caches.get("a", ask(), "1");
        fs::write(caches.file("a"), text).expect("a file");
        assert_eq!(caches.get("a", ask(), "2"), fetched("2"), "{text}");
        assert_eq!(caches.get("a", ask(), "x"), kept("2"), "{text}");
        assert!(caches.warnings().contains("fetched anew"), "{}", caches.warnings());
    }
}

#[test]
fn a_link_a_pipe_and_a_file_for_all_are_replaced_and_nothing_behind_them_is_touched() {
    let swap: [fn(&PathBuf, &PathBuf); 4] = [
        |file, elsewhere| symlink(elsewhere, file).expect("a link"),
        |file, _| nix::unistd::mkfifo(file, nix::sys::stat::Mode::S_IRWXU).expect("a pipe"),
        |file, elsewhere| fs::copy(elsewhere, file).and_then(|_| fs::set_permissions(file, fs::Permissions::from_mode(0o644))).expect("a file"),
        |file, _| fs::write(file, vec![b' '; 3 << 20]).and_then(|()| fs::set_permissions(file, fs::Permissions::from_mode(0o600))).expect("a file"),
    ];
    for (number, swap) in swap.iter().enumerate() {
        let caches = Caches::new();
        caches.get("a", ask(), "1");
        let elsewhere = caches.path.join("elsewhere");
        fs::rename(caches.file("a"), &elsewhere).expect("a file");
        let before = fs::read(&elsewhere).expect("a file");
        swap(&caches.file("a"), &elsewhere);
        assert_eq!(caches.get("a", ask(), "2"), fetched("2"), "{number}");
        assert_eq!(caches.get("a", ask(), "x"), kept("2"), "{number}");
        assert!(caches.file("a").symlink_metadata().expect("a file").is_file());
        assert_eq!(fs::read(&elsewhere).expect("a file"), before);
    }
}

#[test]
fn another_users_file_and_folder_are_not_believed() {
    let caches = Caches::new();
    caches.get("a", ask(), "1");
    let folder = Folder::open_in(&caches.path).expect("a folder");
    assert!(folder.read(&caches.shared("a").file()).is_ok_and(|bytes| bytes.is_some()));
    let problem = String::from(folder.of_user(geteuid().as_raw() + 1).read(&caches.shared("a").file()).expect_err("a problem"));
    assert!(problem.contains("belongs to another user"), "{problem}");
}

#[test]
fn a_folder_that_is_a_link_or_that_others_may_write_is_not_used() {
    for problem in ["is no folder, or a link to one", "can be written by others (mode 777)"] {
        let caches = Caches::new();
        let elsewhere = caches.path.join("elsewhere");
        fs::create_dir(&elsewhere).expect("a folder");
        match problem.contains("link") {
            true => symlink(&elsewhere, caches.folder()).expect("a link"),
            false => fs::create_dir(caches.folder())
                .and_then(|()| fs::set_permissions(caches.folder(), fs::Permissions::from_mode(0o777)))
                .expect("a folder"),
        }
        assert_eq!(caches.get("a", ask(), "1"), fetched("1"));
        assert_eq!(caches.get("a", ask(), "2"), fetched("2"));
        assert!(caches.warnings().contains(problem), "{}", caches.warnings());
        assert_eq!((caches.names("").len(), elsewhere.read_dir().expect("a folder").count()), (0, 0));
    }
}

#[test]
fn what_nobody_will_come_back_for_goes_and_what_somebody_may_stays() {
    let caches = Caches::new();
    caches.get("a", ask(), "1");
    let (hours, days) = (Duration::from_secs(2 * 3600), Duration::from_secs(40 * 24 * 3600));
    for (name, age) in [
        ("1.new", hours),
        ("2.new", Duration::ZERO),
        ("3.token", days),
        ("4.token", hours),
        ("5.lock", days),
        ("6.lock", hours),
        ("7.refresh", days),
        ("8.lock", days),
    ] {
        let file = fs::File::create(caches.folder().join(name)).expect("a file");
        file.set_permissions(fs::Permissions::from_mode(0o600)).expect("a file");
        file.set_modified(SystemTime::now() - age).expect("a file");
    }
    let folder = Folder::open_in(&caches.path).expect("a folder");
    let mut line = Line::join(&folder, "8.lock").expect("a line");
    assert_eq!(line.turn(), Ok(Turn::Ours));
    caches.get("b", ask(), "1");
    let mut left: Vec<String> = caches.names("").into_iter().filter(|name| name.len() < 20).collect();
    left.sort();
    assert_eq!(left, ["2.new", "4.token", "6.lock", "7.refresh", "8.lock"]);
    assert!(fs::metadata(caches.folder().join("8.lock")).is_ok_and(|about| about.nlink() == 1));
}
