//! `.Files` and `.Capabilities`: objects with methods.

use super::glob::Glob;
use crate::tmpl::{
    Call, CallError, List, Map, Member, Method, Object, Shape, Str, Takes, Type, Value,
};
use bowline_yaml::go::{Layout, marshal};
use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

type Result = std::result::Result<Value, CallError>;

/// `.Files` of one chart.
pub struct Files(BTreeMap<Str, Str>);

impl Files {
    /// All files of a chart that are not its own parts.
    pub fn new(files: &[(String, Str)]) -> Self {
        let files = files.iter();
        Self(files.map(|(path, content)| (Str::from(path.as_str()), content.clone())).collect())
    }

    fn of(object: &Rc<dyn Object>) -> Option<&Self> {
        object.as_any().downcast_ref()
    }

    /// As YAML under their last names.
    fn yaml(&self, text: impl Fn(&Str) -> String) -> Value {
        let mut map = serde_json::Map::new();
        for (path, content) in &self.0 {
            let path = path.text();
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            map.insert(name, text(content).into());
        }
        let text = marshal(&map.into(), Layout::MARSHAL_V2).unwrap_or_default();
        Value::str(text.strip_suffix('\n').unwrap_or(&text))
    }
}

const ONE_TEXT: Takes = Takes { fixed: &[Type::Str], rest: None };
const NOTHING: Takes = Takes { fixed: &[], rest: None };

static GET: Method = Method { takes: ONE_TEXT, gives: Type::Str, body: get };
static GET_BYTES: Method = Method { takes: ONE_TEXT, gives: Type::BYTES, body: get_bytes };
static GLOB: Method = Method { takes: ONE_TEXT, gives: Type::Object("engine.files"), body: glob };
static LINES: Method = Method { takes: ONE_TEXT, gives: Type::LIST_STR, body: lines };
static AS_CONFIG: Method = Method { takes: NOTHING, gives: Type::Str, body: as_config };
static AS_SECRETS: Method = Method { takes: NOTHING, gives: Type::Str, body: as_secrets };

fn argument(args: &[Value]) -> Str {
    match args.first() {
        Some(Value::Str(text)) => text.clone(),
        _ => Str::from(""),
    }
}

fn content(object: &Rc<dyn Object>, args: &[Value]) -> Option<Str> {
    Files::of(object)?.0.get(argument(args).bytes()).cloned()
}

fn get(object: &Rc<dyn Object>, _: &mut Call<'_>, args: &[Value]) -> Result {
    Ok(Value::Str(content(object, args).unwrap_or_else(|| Str::from(""))))
}

fn get_bytes(object: &Rc<dyn Object>, _: &mut Call<'_>, args: &[Value]) -> Result {
    Ok(Value::Bytes(content(object, args).unwrap_or_else(|| Str::from(""))))
}

fn glob(object: &Rc<dyn Object>, _: &mut Call<'_>, args: &[Value]) -> Result {
    let pattern = argument(args);
    let glob = Glob::read(&pattern.text()).or_else(|| Glob::read("**"));
    let files = Files::of(object).into_iter().flat_map(|files| &files.0);
    let fits = |path: &Str| glob.as_ref().is_some_and(|glob| glob.fits(&path.text()));
    let found = files.filter(|(path, _)| fits(path));
    let found = found.map(|(path, content)| (path.clone(), content.clone())).collect();
    Ok(Value::Object(Rc::new(Files(found))))
}

fn lines(object: &Rc<dyn Object>, _: &mut Call<'_>, args: &[Value]) -> Result {
    let Some(content) = content(object, args) else { return Ok(Value::strings([])) };
    if content.is_empty() {
        return Err(CallError::new("runtime error: index out of range [-1]"));
    }
    let content = content.strip_suffix(b"\n").unwrap_or(&content);
    Ok(Value::strings(content.split(|byte| *byte == b'\n').map(Str::from)))
}

fn as_config(object: &Rc<dyn Object>, _: &mut Call<'_>, _: &[Value]) -> Result {
    let text = |content: &Str| content.text().into_owned();
    Ok(Files::of(object).map_or_else(|| Value::str(""), |files| files.yaml(text)))
}

fn as_secrets(object: &Rc<dyn Object>, _: &mut Call<'_>, _: &[Value]) -> Result {
    let text = |content: &Str| base64(content);
    Ok(Files::of(object).map_or_else(|| Value::str(""), |files| files.yaml(text)))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        Some(match name {
            b"Get" => Member::Method(&GET),
            b"GetBytes" => Member::Method(&GET_BYTES),
            b"Glob" => Member::Method(&GLOB),
            b"Lines" => Member::Method(&LINES),
            b"AsConfig" => Member::Method(&AS_CONFIG),
            b"AsSecrets" => Member::Method(&AS_SECRETS),
            // It is a map, after all: a file may be asked for as a field.
            other => Member::Field(
                Value::Bytes(self.0.get(other).cloned().unwrap_or_else(|| Str::from(""))),
                Type::BYTES,
            ),
        })
    }

    fn shape(&self) -> Shape {
        let entries =
            self.0.iter().map(|(path, content)| (path.clone(), Value::Bytes(content.clone())));
        Shape::Map(Rc::new(Map::of(Type::Map(&Type::BYTES), entries.collect())))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What the cluster can do; without one, what Helm pretends.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// `v1.35.0`, as it was given.
    pub kube_version: String,
    /// Without what follows the three numbers.
    pub normalized: String,
    /// Every `group/version` and `group/version/Kind`.
    pub api_versions: Vec<String>,
    /// `v4.1.4`.
    pub helm_version: &'static str,
}

impl Capabilities {
    /// Reads a version of Kubernetes as Helm's `--kube-version` does.
    pub fn set_kube_version(&mut self, text: &str) -> bool {
        let bare = text.trim().strip_prefix('v').unwrap_or(text.trim());
        let core = bare.split(['-', '+']).next().unwrap_or_default();
        let digits = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
        let parts: Vec<&str> = core.split('.').map(|part| &part[..digits(part)]).collect();
        if parts.len() < 2 || parts.iter().any(|part| part.is_empty()) {
            return false;
        }
        let patch = parts.get(2).copied().unwrap_or("0");
        self.normalized = format!("v{}.{}.{patch}", parts[0], parts[1]);
        self.kube_version = format!("v{bare}");
        true
    }

    /// `.Capabilities`.
    pub fn value(&self) -> Value {
        Value::Object(Rc::new(self.clone()))
    }
}

/// `.Capabilities.APIVersions`.
struct VersionSet(Vec<String>);

/// `.Capabilities.KubeVersion`.
struct KubeVersion {
    version: String,
    normalized: String,
}

static HAS: Method = Method { takes: ONE_TEXT, gives: Type::Bool, body: has };
static GIT_VERSION: Method = Method { takes: NOTHING, gives: Type::Str, body: git_version };
static STRING: Method = Method { takes: NOTHING, gives: Type::Str, body: string };

fn has(object: &Rc<dyn Object>, _: &mut Call<'_>, args: &[Value]) -> Result {
    let wanted = argument(args);
    let set = object.as_any().downcast_ref::<VersionSet>();
    let found = set.is_some_and(|set| set.0.iter().any(|v| v.as_bytes() == wanted.bytes()));
    Ok(Value::Bool(found))
}

fn git_version(object: &Rc<dyn Object>, _: &mut Call<'_>, _: &[Value]) -> Result {
    let kube = object.as_any().downcast_ref::<KubeVersion>();
    Ok(Value::str(kube.map_or("", |kube| kube.version.as_str())))
}

fn string(object: &Rc<dyn Object>, _: &mut Call<'_>, _: &[Value]) -> Result {
    let kube = object.as_any().downcast_ref::<KubeVersion>();
    Ok(Value::str(kube.map_or("", |kube| kube.normalized.as_str())))
}

impl Object for Capabilities {
    fn type_name(&self) -> &str {
        "*common.Capabilities"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        let field = |value: Value, name| Some(Member::Field(value, Type::Object(name)));
        match name {
            b"KubeVersion" => {
                let (version, normalized) = (self.kube_version.clone(), self.normalized.clone());
                let kube = Rc::new(KubeVersion { version, normalized });
                field(Value::Object(kube), "common.KubeVersion")
            }
            b"APIVersions" => {
                let set = Rc::new(VersionSet(self.api_versions.clone()));
                field(Value::Object(set), "common.VersionSet")
            }
            b"HelmVersion" => {
                let build = Rc::new(BuildInfo(self.helm_version));
                field(Value::Object(build), "version.BuildInfo")
            }
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        ["KubeVersion", "APIVersions", "HelmVersion"]
            .into_iter()
            .filter_map(|name| match self.member(name.as_bytes()) {
                Some(Member::Field(value, _)) => Some((name, value)),
                _ => None,
            })
            .collect()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for VersionSet {
    fn type_name(&self) -> &str {
        "common.VersionSet"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        (name == b"Has").then_some(Member::Method(&HAS))
    }

    fn shape(&self) -> Shape {
        let items = self.0.iter().map(|version| Value::str(version.as_str())).collect();
        Shape::List(Rc::new(List::of(Type::LIST_STR, items)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl KubeVersion {
    fn part(&self, at: usize) -> Value {
        let bare = self.normalized.strip_prefix('v').unwrap_or(&self.normalized);
        Value::str(bare.split('.').nth(at).unwrap_or_default())
    }
}

impl Object for KubeVersion {
    fn type_name(&self) -> &str {
        "common.KubeVersion"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        let field = |value: Value| Some(Member::Field(value, Type::Str));
        match name {
            b"Version" => field(Value::str(self.version.as_str())),
            b"Major" => field(self.part(0)),
            b"Minor" => field(self.part(1)),
            b"GitVersion" => Some(Member::Method(&GIT_VERSION)),
            b"String" => Some(Member::Method(&STRING)),
            _ => None,
        }
    }

    fn text(&self) -> Option<Str> {
        Some(Str::from(self.normalized.as_str()))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::str(self.version.as_str())),
            ("normalizedVersion", Value::str(self.normalized.as_str())),
            ("Major", self.part(0)),
            ("Minor", self.part(1)),
        ]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.HelmVersion`.
struct BuildInfo(&'static str);

impl Object for BuildInfo {
    fn type_name(&self) -> &str {
        "version.BuildInfo"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        let found = self.fields().into_iter().find(|(field, _)| field.as_bytes() == name);
        found.map(|(_, value)| Member::Field(value, Type::Str))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let unknown = ["GitCommit", "GitTreeState", "GoVersion", "KubeClientVersion"];
        let unknown = unknown.into_iter().map(|name| (name, Value::str("")));
        std::iter::once(("Version", Value::str(self.0))).chain(unknown).collect()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
