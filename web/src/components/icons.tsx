import type { ReactNode } from 'react';

interface IconProps {
  readonly size?: number;
}

/** Drawn on a 24-unit grid with one stroke. Decorative: the words stand beside them. */
function Icon({ size = 24, children }: IconProps & { readonly children: ReactNode }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const handset =
  'M6.6 3.5h2.2a1.5 1.5 0 0 1 1.45 1.1l.75 2.7a1.5 1.5 0 0 1-.42 1.5L9.2 10.1a12 12 0 0 0 4.7 4.7l1.3-1.38a1.5 1.5 0 0 1 1.5-.42l2.7.75a1.5 1.5 0 0 1 1.1 1.45v2.2a2.1 2.1 0 0 1-2.25 2.1C10.9 19 5 13.1 4.5 5.75A2.1 2.1 0 0 1 6.6 3.5Z';

export const PhoneIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d={handset} />
  </Icon>
);
export const HangUpIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M3.2 13.6a1.6 1.6 0 0 1-.1-2.1C5.3 9 8.5 7.7 12 7.7s6.7 1.3 8.9 3.8a1.6 1.6 0 0 1-.1 2.1l-1.5 1.5a1.5 1.5 0 0 1-1.9.2l-1.9-1.2a1.5 1.5 0 0 1-.7-1.3v-1.5a9.6 9.6 0 0 0-5.6 0v1.5a1.5 1.5 0 0 1-.7 1.3l-1.9 1.2a1.5 1.5 0 0 1-1.9-.2Z" />
  </Icon>
);
export const MicrophoneIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </Icon>
);
export const MicrophoneOffIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M9 9V6a3 3 0 0 1 5.9-.7M15 10v1a3 3 0 0 1-4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.5 11.5a6.4 6.4 0 0 1-.5 2.5M12 18v3M4 4l16 16" />
  </Icon>
);
export const SlidersIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4 10v4h3.5l4.5 4V6l-4.5 4ZM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />
  </Icon>
);
export const HistoryIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5ZM8 8.5h8M8 11.7h5" />
  </Icon>
);
export const WalletIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="12" cy="12.5" r="8" />
    <path d="M12 8.2v4.6l2.8 1.8M9.5 2.5h5" />
  </Icon>
);
export const SettingsIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
    <circle cx="15" cy="7" r="2" />
    <circle cx="9" cy="17" r="2" />
  </Icon>
);
export const ChevronIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m9 5 7 7-7 7" />
  </Icon>
);
export const BackIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M19 12H5M11 6l-6 6 6 6" />
  </Icon>
);
export const DownIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12 5v14M6 13l6 6 6-6" />
  </Icon>
);
export const CheckIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
);
export const WarningIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12 4 2.8 19.5h18.4ZM12 10v4.5M12 17v.1" />
  </Icon>
);
export const BulbIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M9 17.5h6M10 20.5h4M8.8 14.5a5.8 5.8 0 1 1 6.4 0c-.7.5-.7 1-.7 1.5v1.5h-5V16c0-.5 0-1-.7-1.5Z" />
  </Icon>
);
export const GiftIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4.5 11h15v8.5h-15ZM3.5 7.5h17V11h-17ZM12 7.5v12M12 7.5C9 7.5 7.5 6.5 7.5 5s2-2.2 3.2-.8L12 7.5l1.3-3.3C14.5 2.8 16.5 3.5 16.5 5S15 7.5 12 7.5Z" />
  </Icon>
);
export const PlusIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12 5v14M5 12h14" />
  </Icon>
);
export const EyeIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />
    <circle cx="12" cy="12" r="2.8" />
  </Icon>
);
export const CompassIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="m15.5 8.5-2 5-5 2 2-5Z" />
  </Icon>
);
export const CloseIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M6 6l12 12M18 6 6 18" />
  </Icon>
);

export const MailIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="3" y="5.5" width="18" height="13.5" rx="2.5" />
    <path d="m4 7.5 8 6 8-6" />
  </Icon>
);
export const CopyIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2.5" />
    <path d="M15.5 8.5V6.5A2.5 2.5 0 0 0 13 4H6.5A2.5 2.5 0 0 0 4 6.5V13a2.5 2.5 0 0 0 2.5 2.5h2" />
  </Icon>
);
export const ShareIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12 15V3.5M7.5 7.5 12 3l4.5 4.5M6 11.5H5.5A1.5 1.5 0 0 0 4 13v6a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 19v-6a1.5 1.5 0 0 0-1.5-1.5H18" />
  </Icon>
);
export const DownloadIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12 4v11M7 10.5 12 15.5l5-5M5 20h14" />
  </Icon>
);
export const ReturnIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M9 6 4.5 10.5 9 15M5 10.5h9.5a5 5 0 0 1 0 10H11" />
  </Icon>
);
export const ClockIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7v5.3l3.3 2" />
  </Icon>
);

/** Three bars; how many are filled says how good. */
export const RecordingIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="12" cy="12" r="9" />
    <circle cx="12" cy="12" r="4.5" fill="currentColor" stroke="none" />
  </Icon>
);

export function SignalIcon({ bars }: { readonly bars: 0 | 1 | 2 | 3 }) {
  return (
    <svg
      className="signal"
      data-bars={bars}
      width="18"
      height="16"
      viewBox="0 0 18 16"
      aria-hidden="true"
      focusable="false"
    >
      <rect x="1" y="10" width="4" height="5" rx="1.5" />
      <rect x="7" y="6" width="4" height="9" rx="1.5" />
      <rect x="13" y="1.5" width="4" height="13.5" rx="1.5" />
    </svg>
  );
}
