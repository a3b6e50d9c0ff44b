//! The actions that keys stand for. An [`Action`] is a wish of the user, an `Event` reports something that happened,
//! and an `Effect` is a task for the services; the latter two are in [`crate::app`].

/// How far the long seek goes, in seconds; the short one is configured.
pub const SEEK_FAR_SECONDS: f64 = 30.0;

/// The screens, in the order of the digits that open them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Screen {
    #[default]
    Library,
    Queue,
    Sing,
    Jobs,
    /// Opens over Sing to time the lyrics of its song. Tab does not reach it.
    Editor,
}

impl Screen {
    /// The screens that have a digit and a tab.
    pub const ALL: [Self; 4] = [Self::Library, Self::Queue, Self::Sing, Self::Jobs];

    pub fn name(self) -> &'static str {
        match self {
            Self::Library => "Library",
            Self::Queue => "Queue",
            Self::Sing => "Sing",
            Self::Jobs => "Jobs",
            Self::Editor => "Editor",
        }
    }

    /// Position in [`Screen::ALL`]; the inverse of [`Screen::from_index`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The screen at a position, which wraps around so that Tab goes in a circle.
    pub fn from_index(index: usize) -> Self {
        Self::ALL[index % Self::ALL.len()]
    }
}

/// A movement or click of the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    /// The left button was pressed.
    Press,
    /// The mouse moved while the left button was held.
    Drag,
    WheelUp,
    WheelDown,
}

/// Everything a key can mean. Names, help texts and default keys are in
/// [`crate::keymap::defaults`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    // everywhere
    Quit,
    Help,
    Find,
    Filter,
    Library,
    Queue,
    Sing,
    Jobs,
    ToggleJobs,
    NextScreen,
    PreviousScreen,
    Back,
    Suspend,
    Redraw,
    // playback
    PlayPause,
    SeekBack,
    SeekForward,
    SeekBackFar,
    SeekForwardFar,
    Restart,
    PreviousSong,
    NextSong,
    VolumeDown,
    VolumeUp,
    Mute,
    Outputs,
    // vocals
    VocalsDown,
    VocalsUp,
    VocalsDownFine,
    VocalsUpFine,
    VocalsToggle,
    VocalsSolo,
    // key and tempo
    KeyDown,
    KeyUp,
    TempoDown,
    TempoUp,
    KeyTempoReset,
    // lyrics
    NextLine,
    PreviousLine,
    RepeatLine,
    LookOn,
    LookBack,
    SingLine,
    LyricsSooner,
    LyricsLater,
    LyricsSource,
    Readings,
    TakeOffset,
    EditLyrics,
    // the lyrics editor
    Tap,
    EndLine,
    StepBack,
    HearLine,
    StampSooner,
    StampLater,
    StampSoonerFar,
    StampLaterFar,
    NextRow,
    PreviousRow,
    NextWord,
    PreviousWord,
    ByWords,
    ClearStamp,
    DeleteLine,
    UndoStamp,
    RedoStamp,
    SaveLyrics,
    LeaveEditor,
    // A-B loop
    LoopIn,
    LoopOut,
    // lists
    Down,
    Up,
    HalfPageDown,
    HalfPageUp,
    Top,
    Bottom,
    ToPlaying,
    SingThis,
    // library
    FindNext,
    FindPrevious,
    AddToQueue,
    PlayNext,
    Separate,
    SeparateShown,
    SortArtist,
    SortTitle,
    SortAdded,
    SortPlays,
    SortSung,
    Pin,
    Rescan,
    // queue and jobs
    MoveDown,
    MoveUp,
    Remove,
    ClearQueue,
    Undo,
    Shuffle,
    Repeat,
    Singer,
    SaveList,
    LoadList,
    History,
    CancelJob,
    RetryJob,
    RetryAll,
}

impl Action {
    /// The last variant; `keymap::defaults` checks that its table is complete.
    pub const LAST: Self = Self::RetryAll;
}
