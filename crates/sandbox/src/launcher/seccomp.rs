//! System calls that no program inside may make: a list of what is denied, as container engines
//! deny it. Whatever is not on it is left to namespaces and capabilities.
//!
//! The filter is assembled here: the library that could do it knows no 32-bit programs (it kills
//! them) and sets `no_new_privs` by itself, which would break `sudo` in Dockerfiles.
//!
//! Absent on purpose: `ptrace` is allowed, since debuggers and leak checkers need it and it
//! reaches only the sandbox's own processes. A 32-bit program's `socketcall` hides its arguments
//! from every filter, so it can still ask for a socket to the hypervisor.

use super::Outcome;
use crate::wire::{Failure, Step};
use rustix::io::Errno;
use std::ffi::c_int;

unsafe extern "C" {
    /// prctl(2) of the C library that the standard library is linked with.
    fn prctl(option: c_int, ...) -> c_int;
}

/// When a call is denied, and with which error.
#[derive(Clone, Copy)]
enum Rule {
    /// Always: "not permitted".
    Never,
    /// Always: "there is no such call", so that programs take the older one, which can be looked
    /// into.
    Unknown,
    /// When this argument has one of these bits.
    Bits { argument: u32, bits: u32 },
    /// When this argument is this value.
    Value { argument: u32, value: u32 },
}

use Rule::{Bits, Never, Unknown, Value};

/// The namespaces of clone(2) and unshare(2): inside a new user namespace a program would have
/// every capability again.
const NAMESPACES: u32 = 0x7e02_0000;
/// CLONE_NEWTIME, for `unshare` only: in `clone` its bit belongs to the signal.
const TIME_NAMESPACE: u32 = 0x80;
/// AF_VSOCK: sockets to the hypervisor.
const HYPERVISOR_SOCKETS: u32 = 40;
/// TIOCSTI: typing into somebody's terminal.
const TYPE_INTO_TERMINAL: u32 = 0x5412;
/// TIOCLINUX: pasting into a console.
const PASTE_INTO_CONSOLE: u32 = 0x541c;
/// There is no such call on this kind of processor.
const NONE: u32 = u32::MAX;

/// Name, numbers on x86-64, 32-bit x86 and 64-bit ARM, rule.
#[rustfmt::skip]
const DENIED: &[(&str, [u32; 3], Rule)] = &[
    ("_sysctl", [156, 149, NONE], Never),
    ("acct", [163, 51, 89], Never),
    ("add_key", [248, 286, 217], Never),
    ("bpf", [321, 357, 280], Never),
    ("clock_settime", [227, 264, 112], Never),
    ("clock_settime64", [NONE, 404, NONE], Never),
    ("clone", [56, 120, 220], Bits { argument: 0, bits: NAMESPACES }),
    ("clone3", [435, 435, 435], Unknown),
    ("create_module", [174, 127, NONE], Never),
    ("delete_module", [176, 129, 106], Never),
    ("fanotify_init", [300, 338, 262], Never),
    ("finit_module", [313, 350, 273], Never),
    ("fsconfig", [431, 431, 431], Never),
    ("fsmount", [432, 432, 432], Never),
    ("fsopen", [430, 430, 430], Never),
    ("fspick", [433, 433, 433], Never),
    ("get_kernel_syms", [177, 130, NONE], Never),
    ("init_module", [175, 128, 105], Never),
    ("io_uring_enter", [426, 426, 426], Unknown),
    ("io_uring_register", [427, 427, 427], Unknown),
    ("io_uring_setup", [425, 425, 425], Unknown),
    ("ioctl: type", [16, 54, 29], Value { argument: 1, value: TYPE_INTO_TERMINAL }),
    ("ioctl: paste", [16, 54, 29], Value { argument: 1, value: PASTE_INTO_CONSOLE }),
    ("ioperm", [173, 101, NONE], Never),
    ("iopl", [172, 110, NONE], Never),
    ("kexec_file_load", [320, NONE, 294], Never),
    ("kexec_load", [246, 283, 104], Never),
    ("keyctl", [250, 288, 219], Never),
    ("lookup_dcookie", [212, 253, 18], Never),
    ("mount", [165, 21, 40], Never),
    ("mount_setattr", [442, 442, 442], Never),
    ("move_mount", [429, 429, 429], Never),
    ("nfsservctl", [180, 169, 42], Never),
    ("open_by_handle_at", [304, 342, 265], Never),
    ("open_tree", [428, 428, 428], Never),
    ("open_tree_attr", [467, 467, 467], Never),
    ("perf_event_open", [298, 336, 241], Never),
    ("pivot_root", [155, 217, 41], Never),
    ("query_module", [178, 167, NONE], Never),
    ("quotactl", [179, 131, 60], Never),
    ("quotactl_fd", [443, 443, 443], Never),
    ("reboot", [169, 88, 142], Never),
    ("request_key", [249, 287, 218], Never),
    ("setns", [308, 346, 268], Never),
    ("settimeofday", [164, 79, 170], Never),
    ("socket", [41, 359, 198], Value { argument: 0, value: HYPERVISOR_SOCKETS }),
    ("stime", [NONE, 25, NONE], Never),
    ("swapoff", [168, 115, 225], Never),
    ("swapon", [167, 87, 224], Never),
    ("sysfs", [139, 135, NONE], Never),
    ("syslog", [103, 103, 116], Never),
    ("umount", [NONE, 22, NONE], Never),
    ("umount2", [166, 52, 39], Never),
    ("unshare", [272, 310, 97], Bits { argument: 0, bits: NAMESPACES | TIME_NAMESPACE }),
    ("uselib", [134, 86, NONE], Never),
    ("userfaultfd", [323, 374, 282], Never),
    ("ustat", [136, 62, NONE], Never),
    ("vhangup", [153, 111, 58], Never),
    ("vm86", [NONE, 166, NONE], Never),
    ("vm86old", [NONE, 113, NONE], Never),
];

/// The kinds of programs that this kernel may run: the kernel's number for each (`AUDIT_ARCH`),
/// and its column of [`DENIED`].
#[cfg(target_arch = "x86_64")]
const KINDS: &[(u32, usize)] = &[(0xc000_003e, 0), (0x4000_0003, 1)];
#[cfg(target_arch = "aarch64")]
const KINDS: &[(u32, usize)] = &[(0xc000_00b7, 2)];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the numbers of this processor's system calls are missing here");

/// On x86-64 numbers from here on are another name of the same calls (x32).
const SECOND_NAMES: u32 = 0x4000_0000;

/// One instruction of the kernel's classic packet filter, `struct sock_filter`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    operand: u32,
}

/// `struct sock_fprog`.
#[repr(C)]
struct Filter {
    length: u16,
    instructions: *const Instruction,
}

const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const AT_LEAST: u16 = 0x35;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const KIND: u32 = 4;
const ARGUMENTS: u32 = 16;
const ALLOW: u32 = 0x7fff_0000;
const FAIL: u32 = 0x0005_0000;
const KILL: u32 = 0x8000_0000;

fn step(code: u16, operand: u32) -> Instruction {
    Instruction { code, if_true: 0, if_false: 0, operand }
}

/// Goes on if true, else leaves out the next `skip` instructions.
fn unless(code: u16, operand: u32, skip: u8) -> Instruction {
    Instruction { code, if_true: 0, if_false: skip, operand }
}

fn fail(errno: Errno) -> Instruction {
    step(RETURN, FAIL | errno.raw_os_error().unsigned_abs())
}

/// The whole filter: a section for each kind of program; any other kind is killed.
fn assemble() -> Vec<Instruction> {
    let mut all = Vec::new();
    for (kind, column) in KINDS {
        let section = section(*column);
        all.push(step(LOAD, KIND));
        // A section is longer than a conditional jump can reach.
        all.push(Instruction { code: EQUAL, if_true: 1, if_false: 0, operand: *kind });
        let length = u32::try_from(section.len()).unwrap_or(0);
        all.push(step(0x05, length));
        all.extend(section);
    }
    all.push(step(RETURN, KILL));
    all
}

fn section(column: usize) -> Vec<Instruction> {
    let mut all = vec![step(LOAD, NUMBER)];
    if column == 0 {
        all.extend([unless(AT_LEAST, SECOND_NAMES, 1), fail(Errno::NOSYS)]);
    }
    for (_, numbers, rule) in DENIED {
        let number = numbers[column];
        if number == NONE {
            continue;
        }
        let argument = |argument: u32| step(LOAD, ARGUMENTS + 8 * argument);
        let looked_into = |argument, test| {
            let denied = fail(Errno::PERM);
            [unless(EQUAL, number, 4), argument, test, denied, step(LOAD, NUMBER)]
        };
        match rule {
            Never => all.extend([unless(EQUAL, number, 1), fail(Errno::PERM)]),
            Unknown => all.extend([unless(EQUAL, number, 1), fail(Errno::NOSYS)]),
            Bits { argument: index, bits } => {
                all.extend(looked_into(argument(*index), unless(ANY_BIT, *bits, 1)));
            }
            Value { argument: index, value } => {
                all.extend(looked_into(argument(*index), unless(EQUAL, *value, 1)));
            }
        }
    }
    all.push(step(RETURN, ALLOW));
    all
}

/// From here on the filter holds for this process and all that it starts. It wants
/// `no_new_privs` or `CAP_SYS_ADMIN` in the user namespace.
pub(super) fn install() -> Outcome<()> {
    const SET_SECCOMP: c_int = 22;
    const MODE_FILTER: c_int = 2;
    let instructions = assemble();
    let length = u16::try_from(instructions.len()).unwrap_or(u16::MAX);
    let filter = Filter { length, instructions: instructions.as_ptr() };
    // SAFETY: the two structures are laid out as the kernel's, the pointers are valid for the
    // call, and the kernel copies what they point to.
    let result = unsafe { prctl(SET_SECCOMP, MODE_FILTER, &raw const filter) };
    if result == 0 {
        return Ok(());
    }
    let error = std::io::Error::last_os_error();
    Err(Failure::io(Step::Filter, "every program", &error))
}

#[cfg(test)]
mod tests {
    use super::{
        ALLOW, ANY_BIT, AT_LEAST, DENIED, EQUAL, FAIL, Instruction, KILL, LOAD, RETURN, assemble,
    };

    /// What the kernel would answer, by the rules of the packet filter.
    fn answer(program: &[Instruction], kind: u32, number: u32, arguments: [u32; 2]) -> u32 {
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let one = program[at];
            at += 1;
            let mut jump =
                |yes: bool| at += usize::from(if yes { one.if_true } else { one.if_false });
            match one.code {
                LOAD => {
                    accumulator = match one.operand {
                        0 => number,
                        4 => kind,
                        16 => arguments[0],
                        24 => arguments[1],
                        other => panic!("nothing is at {other}"),
                    }
                }
                EQUAL => jump(accumulator == one.operand),
                AT_LEAST => jump(accumulator >= one.operand),
                ANY_BIT => jump(accumulator & one.operand != 0),
                0x05 => at += one.operand as usize,
                RETURN => return one.operand,
                other => panic!("no instruction {other:#x}"),
            }
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_filter_answers_for_each_kind_of_program() {
        let program = assemble();
        let (wide, narrow) = (0xc000_003e, 0x4000_0003);
        let (not_permitted, unknown) = (FAIL | 1, FAIL | 38);
        for (kind, number, arguments, expected, name) in [
            (wide, 165, [0, 0], not_permitted, "mount"),
            (narrow, 21, [0, 0], not_permitted, "mount, 32 bits"),
            (narrow, 165, [0, 0], ALLOW, "another call, 32 bits"),
            (wide, 0, [0, 0], ALLOW, "read"),
            (wide, 101, [0, 0], ALLOW, "ptrace"),
            (wide, 435, [0, 0], unknown, "clone3"),
            (wide, 56, [0x01_200_011, 0], ALLOW, "fork"),
            (wide, 56, [0x003d_0f00, 0], ALLOW, "a thread"),
            (wide, 56, [0x1000_0011, 0], not_permitted, "a user namespace by clone"),
            (wide, 272, [0x400, 0], ALLOW, "unshare descriptors"),
            (wide, 272, [0x2_0000, 0], not_permitted, "unshare mounts"),
            (wide, 41, [40, 0], not_permitted, "a socket to the hypervisor"),
            (wide, 41, [2, 0], ALLOW, "an internet socket"),
            (wide, 16, [0, 0x5412], not_permitted, "typing into a terminal"),
            (wide, 16, [0, 0x5401], ALLOW, "asking for a terminal"),
            (wide, 0x4000_00a5, [0, 0], unknown, "mount by its second name"),
            (0x1234, 0, [0, 0], KILL, "an unknown kind"),
        ] {
            assert_eq!(answer(&program, kind, number, arguments), expected, "{name}");
        }
    }

    #[test]
    fn the_list_is_in_order_and_fits_the_kernels_limit() {
        let names: Vec<&str> = DENIED.iter().map(|(name, ..)| *name).collect();
        assert!(
            names.windows(2).all(|pair| pair[0].split(':').next() <= pair[1].split(':').next())
        );
        assert!(assemble().len() < 4_096);
    }
}
