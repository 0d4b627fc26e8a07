//! What functions share during one render: the seed, the clock, what was compiled, what to say.

use super::go_regex::Compiled;
use crate::limits::{KEYS_MAX, PASSWORDS_MAX, REGEXES_MAX};
use crate::tmpl::{Call, CallError, Str};
use std::collections::HashMap;
use std::rc::Rc;

/// What all chance of a render comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

/// A point in time, as the clock of a render says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Since 1970.
    pub seconds: i64,
    /// Of the second.
    pub nanoseconds: u32,
}

/// Something that Helm would have done in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The template file that calls.
    pub file: Str,
    /// The bytes of the call in it.
    pub bytes: (u32, u32),
    /// One sentence.
    pub message: String,
}

/// The state of this library during one render.
pub struct SprigHost {
    /// Of everything random.
    pub seed: Seed,
    /// What `now` says, all through the render.
    pub now: Moment,
    /// What to tell the user.
    pub notes: Vec<Note>,
    /// How many regular expressions were compiled.
    pub regexes_compiled: usize,
    regexes: HashMap<Str, Rc<Compiled>>,
    drawn: HashMap<(Str, u32), u64>,
    keys: u32,
    passwords: u32,
}

impl SprigHost {
    /// For one render.
    pub fn new(seed: Seed, now: Moment) -> Self {
        Self {
            seed,
            now,
            notes: Vec::new(),
            regexes_compiled: 0,
            regexes: HashMap::new(),
            drawn: HashMap::new(),
            keys: 0,
            passwords: 0,
        }
    }

    /// The compiled form of a regular expression, compiled once a render.
    pub(super) fn regex(&mut self, pattern: &Str) -> std::result::Result<Rc<Compiled>, String> {
        if let Some(known) = self.regexes.get(pattern.bytes()) {
            return Ok(known.clone());
        }
        let compiled = Rc::new(Compiled::new(pattern)?);
        self.regexes_compiled += 1;
        if self.regexes.len() < REGEXES_MAX {
            self.regexes.insert(pattern.clone(), compiled.clone());
        }
        Ok(compiled)
    }

    /// How often this place has drawn before.
    pub(super) fn draw(&mut self, file: Str, at: u32) -> u64 {
        let count = self.drawn.entry((file, at)).or_insert(0);
        *count += 1;
        *count
    }

    /// One more key: they are dear.
    pub(super) fn count_key(&mut self) -> std::result::Result<(), CallError> {
        self.keys += 1;
        match self.keys > KEYS_MAX {
            true => Err(CallError::new(format!("more than {KEYS_MAX} keys in one render"))),
            false => Ok(()),
        }
    }

    /// One more password: they are dear.
    pub(super) fn count_password(&mut self) -> std::result::Result<(), CallError> {
        self.passwords += 1;
        match self.passwords > PASSWORDS_MAX {
            true => {
                Err(CallError::new(format!("more than {PASSWORDS_MAX} passwords in one render")))
            }
            false => Ok(()),
        }
    }
}

/// The library's state of a call.
pub(super) fn host<'c>(
    call: &'c mut Call<'_>,
) -> std::result::Result<&'c mut SprigHost, CallError> {
    call.library().ok_or_else(|| CallError::new("the render has no seed and no clock"))
}

/// Says something about this call.
pub(super) fn note(call: &mut Call<'_>, message: String) -> std::result::Result<(), CallError> {
    let (file, site) = (call.file_name(), call.site());
    let note = Note { file, bytes: (site.from, site.to), message };
    host(call)?.notes.push(note);
    Ok(())
}
