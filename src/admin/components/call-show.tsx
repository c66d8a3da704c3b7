import { Badge, Box, H5, Text } from '@adminjs/design-system';
import { BasePropertyComponent, useTranslation, type ActionProps } from 'adminjs';
import React from 'react';
import { useAnswer } from './figures/ask.ts';
import { AnswerView } from './figures/parts.tsx';
import { useWords } from './figures/words.ts';
import { RecordingPlayer } from './recording-player.tsx';

interface Turn {
  readonly ordinal: number;
  readonly speaker: 'learner' | 'tutor';
  readonly text: string;
  readonly heard_text: string;
  readonly interrupted: boolean;
  readonly started_at_ms: number;
  readonly stages_ms: Readonly<Record<string, number>>;
  readonly engines: Readonly<Record<string, string>>;
}

interface Cost {
  readonly engine: string;
  readonly kind: string;
  readonly cost_rub: number;
}

interface Conversation {
  readonly cost_rub: number;
  readonly costs: readonly Cost[];
  readonly turns: readonly Turn[];
  readonly recordings: readonly { readonly part: number; readonly url: string }[];
}

/** A call: its facts, its recording, and what was said, with how long each stage of an answer took. */
export default function CallShow({ record, resource }: ActionProps) {
  const { translateMessage } = useTranslation();
  const say = (key: string): string => translateMessage(key, resource.id);
  const asked = useAnswer<Conversation>(record && `/admin/data/calls/${encodeURIComponent(record.id)}`);

  if (!record) return null;
  return (
    <Box flex flexDirection={['column', 'column', 'column', 'row']} style={{ gap: '24px', alignItems: 'flex-start' }}>
      <Box variant="white" p="xl" width={['100%', '100%', '100%', '340px']} flexShrink={0} data-testid="call-facts">
        {resource.showProperties.map((property) => (
          <BasePropertyComponent
            key={property.propertyPath}
            where="show"
            property={property}
            resource={resource}
            record={record}
          />
        ))}
        {asked.answer && <Costs {...asked.answer} say={say} />}
      </Box>
      <Box variant="white" p="xl" flexGrow={1} width="100%" data-testid="conversation">
        <H5 mb="lg">{say('conversation')}</H5>
        <AnswerView asked={asked}>
          {({ recordings, turns }) => (
            <>
              {recordings.map(({ part, url }) => (
                <Box key={part}>
                  <Text mb="sm">{`${say('recording')} ${part}`}</Text>
                  <RecordingPlayer url={url} say={say} />
                </Box>
              ))}
              {turns.length === 0 && <Text color="grey60">{say('noTurns')}</Text>}
              {turns.map((turn) => (
                <TurnLine key={turn.ordinal} turn={turn} say={say} />
              ))}
            </>
          )}
        </AnswerView>
      </Box>
    </Box>
  );
}

interface CostsProps extends Pick<Conversation, 'cost_rub' | 'costs'> {
  readonly say: (key: string) => string;
}

/** What the call cost at the vendors: its sum, and who took how much of it. */
function Costs({ cost_rub: sum, costs, say }: CostsProps) {
  const { formats } = useWords('Figures');
  if (costs.length === 0) return null;
  return (
    <Box mt="lg" data-testid="call-cost">
      <Text color="grey60" fontSize="sm">
        {say('cost')}
      </Text>
      <Text>{formats.roubles(sum)}</Text>
      {costs.map(({ engine, kind, cost_rub: cost }) => (
        <Text key={`${engine} ${kind}`} fontSize="sm" color="grey60">
          {`${engine}, ${say(`kind.${kind}`)}: ${formats.roubles(cost)}`}
        </Text>
      ))}
    </Box>
  );
}

function TurnLine({ turn, say }: { readonly turn: Turn; readonly say: (key: string) => string }) {
  const { formats } = useWords('Figures');
  const { say: sayStage } = useWords('Latency');
  const tutor = turn.speaker === 'tutor';
  const unheard = turn.interrupted ? turn.text.slice(turn.heard_text.length) : '';
  return (
    <Box
      p="lg"
      bg={tutor ? 'primary20' : 'warningLight'}
      ml={tutor ? '0' : ['0', 'x4']}
      mr={tutor ? ['0', 'x4'] : '0'}
      style={{ borderRadius: '12px' }}
    >
      <Box flex alignItems="center" mb="sm" style={{ gap: '8px', flexWrap: 'wrap' }}>
        <Text fontWeight="bold">{say(turn.speaker)}</Text>
        <Text color="grey60">{clock(turn.started_at_ms)}</Text>
        {turn.interrupted && (
          <Badge outline size="sm">
            {say('interrupted')}
          </Badge>
        )}
        {inTheirOrder(turn.stages_ms).map(([stage, ms]) => (
          <Badge key={stage} outline size="sm">
            {`${sayStage(`stages.${stage}`, { defaultValue: stage })}: ${formats.inMs(ms)}`}
          </Badge>
        ))}
      </Box>
      <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {turn.interrupted ? turn.heard_text : turn.text}
        <span className="vl-unheard">{unheard}</span>
      </Text>
      {Object.keys(turn.engines).length > 0 && (
        <Text mt="sm" fontSize="sm" color="grey60">
          {Object.entries(turn.engines)
            .map(([kind, engine]) => `${say(`kind.${kind}`)}: ${engine}`)
            .join(', ')}
        </Text>
      )}
    </Box>
  );
}

function inTheirOrder(stages: Turn['stages_ms']): [string, number][] {
  return Object.entries(stages).toSorted(([, one], [, other]) => one - other);
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
