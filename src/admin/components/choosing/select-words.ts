import { useTranslation } from 'adminjs';

export interface SelectWords {
  readonly placeholder: string;
  readonly noOptionsMessage: () => string;
  readonly loadingMessage: () => string;
}

/** What a select says by itself: in English, if it is not told otherwise. */
export function useSelectWords(): SelectWords {
  const { translateComponent } = useTranslation();
  return {
    placeholder: translateComponent('Select.choose'),
    noOptionsMessage: () => translateComponent('Select.none'),
    loadingMessage: () => translateComponent('Select.loading'),
  };
}
